// Package cutdisk gives tests a disk whose power can be cut, on Linux.
package cutdisk
