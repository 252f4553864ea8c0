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

// daemon is a process that is started, killed and started again.
type daemon struct {
	t    testing.TB
	name string
	args []string
	env  []string
	log  string // a file

	cmd    *exec.Cmd
	exited chan struct{} // is closed when it has ended
}

// newDaemon makes one that is the program, unless env says otherwise.
func newDaemon(t testing.TB, name string, env []string, args ...string) *daemon {
	t.Helper()
	d := &daemon{t: t, name: name, args: args, env: append(os.Environ(), env...), log: filepath.Join(t.TempDir(), name+".log")}
	t.Cleanup(func() {
		if d.cmd != nil {
			d.kill()
		}
		if t.Failed() {
			t.Logf("%s said at last\n%s", name, d.lastWords())
		}
		for _, secret := range []string{"_secret", "@example.com"} {
			if strings.Contains(d.said(), secret) {
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

// kill ends it as kill -9 does.
func (d *daemon) kill() {
	_ = d.cmd.Process.Kill() // it may have ended
	_ = d.cmd.Process.Signal(resume)
	<-d.exited
}

// terminate has it stop, and wants that to be in order.
func (d *daemon) terminate() {
	d.t.Helper()
	d.signal(syscall.SIGTERM)
	d.wantStatus(0)
}

// wantStatus waits for the end.
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
		d.t.Errorf("%s: %v, want status %d\n%s", d.name, d.cmd.ProcessState, want, d.lastWords())
	}
}

// said is its log so far.
func (d *daemon) said() string {
	text, _ := os.ReadFile(d.log)
	return string(text)
}

func (d *daemon) lastWords() string {
	lines := slices.DeleteFunc(strings.SplitAfter(d.said(), "\n"), func(line string) bool { return strings.Contains(line, "event dead-lettered") })
	return strings.Join(lines[max(0, len(lines)-40):], "")
}

// waitFor waits until its log has a text.
func (d *daemon) waitFor(text string) {
	d.t.Helper()
	servetest.Eventually(d.t, fmt.Sprintf("%s says %q", d.name, text), func() bool { return strings.Contains(d.said(), text) })
}

// accountsFile is a file of accounts, one part after the other.
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

// add adds an account with further settings, and gives its token.
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
