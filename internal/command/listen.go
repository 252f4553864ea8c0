package command

import (
	"crypto/tls"
	"fmt"
	"net"
	"strings"
)

// listenForEvents opens the address for events, with TLS if there is a certificate.
func (f *serveFlags) listenForEvents() (net.Listener, error) {
	listener, err := listen(listenFlag, f.listen)
	if err != nil || f.tlsCert == "" {
		return listener, err
	}
	// The files are read for each connection, so that a renewed certificate is used.
	certificate := func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		pair, err := tls.LoadX509KeyPair(f.tlsCert, f.tlsKey)
		return &pair, err
	}
	if _, err := certificate(nil); err != nil {
		listener.Close()
		return nil, fmt.Errorf("--tls-cert and --tls-key: %w", err)
	}
	return tls.NewListener(listener, &tls.Config{GetCertificate: certificate}), nil
}

// listen opens the address of a flag.
func listen(flag, address string) (net.Listener, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("--%s: %w: give another address, or stop what uses this one", flag, err)
	}
	return listener, nil
}

// checkAddress refuses a flag whose value isn't an address to listen at, or to ask.
func checkAddress(flag, address string) error {
	_, port, err := net.SplitHostPort(address)
	if err == nil {
		_, err = net.LookupPort("tcp", port)
	}
	if err != nil {
		return wrongUsage(fmt.Errorf("--%s must be a host and a port, such as %s", flag, defaultAdmin))
	}
	return nil
}

// eventsURL is where senders on this machine reach the address for events.
func (f *serveFlags) eventsURL(address net.Addr) string {
	scheme := "http"
	if f.tlsCert != "" {
		scheme = "https"
	}
	return scheme + "://" + strings.Replace(address.String(), "[::]", "localhost", 1) + "/v1/webhook"
}
