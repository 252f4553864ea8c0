package mapper

import (
	"archive/zip"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"
)

var updateTimeZones = flag.Bool("update-timezones", false, "write timezones.txt anew, from what Go's package time/tzdata is made of")

// TestTimeZones loads each name of timezones.txt.
func TestTimeZones(t *testing.T) {
	if *updateTimeZones {
		writeTimeZones(t)
	}
	if len(timeZones) < 400 {
		t.Errorf("only %d time zones", len(timeZones))
	}
	for name := range timeZones {
		if _, err := time.LoadLocation(name); err != nil {
			t.Error(err)
		}
	}
	for _, name := range []string{"", "GMT-0800", "GMT+0530", "UTC+2", "europe/berlin", "Local", "Europe"} {
		if timeZones[name] {
			t.Errorf("%q is no name of the IANA database", name)
		}
	}
}

func writeTimeZones(t *testing.T) {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	archive, err := zip.OpenReader(filepath.Join(strings.TrimSpace(string(root)), "lib/time/zoneinfo.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	var names []string
	for _, file := range archive.File {
		if !strings.HasSuffix(file.Name, "/") {
			names = append(names, file.Name)
		}
	}
	slices.Sort(names)
	if err := os.WriteFile("timezones.txt", []byte(strings.Join(names, "\n")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
}
