package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/internal/servetest"
)

// daemon is a process that tests start, kill and restart.
type daemon struct {
	t    testing.TB
	name string
	args []string
	env  []string
	log  string // the name of the log file

	cmd    *exec.Cmd
	exited chan struct{} // closed when the process has ended
}

// newDaemon returns a daemon of the test binary. env determines what the binary runs as.
func newDaemon(t testing.TB, name string, env []string, args ...string) *daemon {
	t.Helper()
	d := &daemon{t: t, name: name, args: args, env: append(os.Environ(), env...), log: filepath.Join(t.TempDir(), name+".log")}
	t.Cleanup(func() {
		if d.cmd != nil {
			d.kill()
		}
		if t.Failed() {
			t.Logf("the last lines of the log of %s:\n%s", name, d.logTail())
		}
		for _, secret := range []string{"_secret", "@example.com"} {
			if strings.Contains(d.logText(), secret) {
				t.Errorf("the log of %s shows a key or a person", name)
			}
		}
	})
	return d
}

func asServe(t testing.TB, name string, args ...string) *daemon {
	return newDaemon(t, name, []string{asProgram + "=1"}, append([]string{"serve", "--admin", "127.0.0.1:0"}, args...)...)
}

func (d *daemon) start() {
	d.t.Helper()
	log, err := os.OpenFile(d.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		d.t.Fatal(err)
	}
	defer log.Close()
	d.cmd = exec.CommandContext(untilDeadline(d.t), os.Args[0], d.args...)
	d.cmd.Env, d.cmd.Stderr = d.env, log
	if err := d.cmd.Start(); err != nil {
		d.t.Fatal(err)
	}
	exited, cmd := make(chan struct{}), d.cmd
	d.exited = exited
	go func() {
		defer close(exited)
		cmd.Wait()
	}()
}

func (d *daemon) signal(s os.Signal) {
	d.t.Helper()
	if err := d.cmd.Process.Signal(s); err != nil {
		d.t.Errorf("%s: %v", d.name, err)
	}
}

// kill ends the process as kill -9 does.
func (d *daemon) kill() {
	_ = d.cmd.Process.Kill() // it may have ended
	_ = d.cmd.Process.Signal(resume)
	<-d.exited
}

// terminate stops the process with SIGTERM, and checks that it exits with 0.
func (d *daemon) terminate() {
	d.t.Helper()
	d.signal(syscall.SIGTERM)
	d.wantStatus(0)
}

// wantStatus waits until the process ends, and checks its exit status.
func (d *daemon) wantStatus(want int) {
	d.t.Helper()
	select {
	case <-d.exited:
	case <-time.After(30 * time.Second):
		d.signal(syscall.SIGQUIT)
		<-d.exited
		d.t.Errorf("%s doesn't end", d.name)
	}
	if got := d.cmd.ProcessState.ExitCode(); got != want {
		d.t.Errorf("%s: %v, want status %d\n%s", d.name, d.cmd.ProcessState, want, d.logTail())
	}
}

// logText returns the log so far.
func (d *daemon) logText() string {
	text, _ := os.ReadFile(d.log)
	return string(text)
}

// logTail returns the last lines of the log.
func (d *daemon) logTail() string {
	lines := slices.DeleteFunc(strings.SplitAfter(d.logText(), "\n"), func(line string) bool { return strings.Contains(line, "event dead-lettered") })
	return strings.Join(lines[max(0, len(lines)-40):], "")
}

// waitFor waits until the log has a text.
func (d *daemon) waitFor(text string) {
	d.t.Helper()
	servetest.Eventually(d.t, fmt.Sprintf("%s logs %q", d.name, text), func() bool { return strings.Contains(d.logText(), text) })
}

// accountsFile is an accounts file that accounts are added to.
type accountsFile struct {
	t      testing.TB
	folder string
	text   bytes.Buffer
}

func newAccountsFile(t testing.TB) *accountsFile {
	f := &accountsFile{t: t, folder: t.TempDir()}
	f.text.WriteString("accounts:\n")
	return f
}

// add adds an account with further settings, and returns its token.
func (f *accountsFile) add(name, key, revision string, more ...string) (token string) {
	token = "token-of-" + name + "-0123456789_secret"
	f.write(name+".key", key+"\n")
	f.write(name+".tokens", token+"\n")
	f.write(name+".yaml", fmt.Sprintf("revision: %q\n", revision))
	fmt.Fprintf(&f.text, "  - name: %s\n    klaviyoKeyFile: %s.key\n    tokensFile: %s.tokens\n    destination: %s.yaml\n", name, name, name, name)
	for _, setting := range more {
		fmt.Fprintf(&f.text, "    %s\n", setting)
	}
	f.write("accounts.yaml", f.text.String())
	return token
}

func (f *accountsFile) write(name, text string) {
	f.t.Helper()
	if err := os.WriteFile(filepath.Join(f.folder, name), []byte(text), 0o600); err != nil {
		f.t.Fatal(err)
	}
}

func (f *accountsFile) path() string { return filepath.Join(f.folder, "accounts.yaml") }
