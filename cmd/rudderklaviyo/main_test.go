package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
)

const key = "pk_0123456789secret"

// asProgram names the variable that makes the test binary run as the program.
const asProgram = "RUDDERKLAVIYO_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		run(5 * time.Millisecond) // so that checkpoints are written between two kills
		return
	}
	if config := os.Getenv(asNATS); config != "" {
		runNATS(config)
		return
	}
	for _, s := range stopSignals {
		if signal.Ignored(s) { // as of a job in the background, and the processes would inherit it
			signal.Notify(make(chan os.Signal, 1), s)
		}
	}
	_ = flag.Set("test.parallel", "8") // unless -parallel says otherwise: most of them wait for their processes
	os.Exit(m.Run())
}

// process is a run of the program.
type process struct {
	t          *testing.T
	cmd        *exec.Cmd
	stdout     bytes.Buffer
	stderr     *bufio.Reader
	stderrText strings.Builder
}

func start(t *testing.T, stdin io.Reader, args ...string) *process {
	t.Helper()
	p := newProcess(t, args...)
	p.cmd.Stdin, p.cmd.Stdout = stdin, &p.stdout
	p.start()
	return p
}

// newProcess returns a process that is killed if it still runs shortly before the test's deadline.
func newProcess(t *testing.T, args ...string) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.CommandContext(untilDeadline(t), os.Args[0], args...)}
	p.cmd.Env = append(os.Environ(), asProgram+"=1", "KLAVIYO_API_KEY="+key)
	stderr, err := p.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.stderr = bufio.NewReader(stderr)
	return p
}

// untilDeadline returns a context that ends before the test's deadline, so that the output of a
// process that hangs is shown.
func untilDeadline(tb testing.TB) context.Context {
	t, ok := tb.(*testing.T)
	if !ok { // a benchmark has none
		return context.Background()
	}
	deadline, ok := t.Deadline()
	if !ok {
		return context.Background()
	}
	ctx, cancel := context.WithDeadline(context.Background(), deadline.Add(-10*time.Second))
	t.Cleanup(cancel)
	return ctx
}

func (p *process) start() {
	p.t.Helper()
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
}

func (p *process) signal(s os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// waitFor reads stderr up to a line with the text.
func (p *process) waitFor(text string) {
	p.t.Helper()
	for {
		line, err := p.stderr.ReadString('\n')
		p.stderrText.WriteString(line)
		if strings.Contains(line, text) {
			return
		}
		if err != nil {
			p.t.Fatalf("no line of stderr has %q:\n%s", text, &p.stderrText)
		}
	}
}

// wait waits until the process ends.
func (p *process) wait() *os.ProcessState {
	p.t.Helper()
	if _, err := io.Copy(&p.stderrText, p.stderr); err != nil {
		p.t.Error(err)
	}
	var exit *exec.ExitError
	if err := p.cmd.Wait(); err != nil && !errors.As(err, &exit) {
		p.t.Error(err)
	}
	if strings.Contains(p.stdout.String()+p.stderrText.String(), key) {
		p.t.Error("the key is shown")
	}
	return p.cmd.ProcessState
}

func (p *process) wantStatus(want int) {
	p.t.Helper()
	if state := p.wait(); state.ExitCode() != want {
		p.t.Errorf("%v, want status %d\n%s", state, want, &p.stderrText)
	}
}

func event(i int) string {
	return fmt.Sprintf(`{"type":"track","event":"Ping","messageId":"m%d","context":{"traits":{"email":"p%d@example.com"}}}`+"\n", i, i)
}

// events writes a file with events of n people.
func events(t *testing.T, n int) string {
	t.Helper()
	var text strings.Builder
	for i := range n {
		text.WriteString(event(i))
	}
	path := filepath.Join(t.TempDir(), "events.jsonl")
	if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// gate is a Klaviyo server that holds requests.
type gate struct {
	*klaviyotest.Klaviyo
	arrived chan struct{} // gets a value for each request
	open    chan struct{} // lets the requests through when it is closed
}

func newGate(t *testing.T) (g *gate, url string) {
	t.Helper()
	g = &gate{klaviyotest.New(klaviyotest.WithKey(key)), make(chan struct{}, 1000), make(chan struct{})}
	server := httptest.NewServer(g)
	t.Cleanup(server.Close)
	return g, server.URL
}

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body) // otherwise the server doesn't notice that the client is gone
	if err != nil {
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	g.arrived <- struct{}{}
	select {
	case <-g.open:
		g.Klaviyo.ServeHTTP(w, r)
	case <-r.Context().Done():
	}
}

// await waits for n requests.
func (g *gate) await(n int) {
	for range n {
		<-g.arrived
	}
}

func TestSendOverASocket(t *testing.T) {
	g, url := newGate(t)
	close(g.open)
	p := start(t, nil, "send", "--base-url", url, "--output", "json", events(t, 20))
	p.wantStatus(0)
	if !strings.Contains(p.stdout.String(), `"delivered":20`) || len(g.Events()) != 20 {
		t.Errorf("%d events, %s", len(g.Events()), &p.stdout)
	}
}

func TestSignalFinishesTheRequestsOnTheirWay(t *testing.T) {
	for _, signal := range stopSignals {
		t.Run(signal.String(), func(t *testing.T) {
			g, url := newGate(t)
			path := events(t, 100)
			p := start(t, nil, "send", "--base-url", url, "--concurrency", "4", "--output", "json", path)
			g.await(4)
			p.signal(signal)
			p.waitFor("Stopping")
			close(g.open)
			p.wantStatus(1)
			if !strings.Contains(p.stdout.String(), `"delivered":4,`) || len(g.Events()) != 4 {
				t.Errorf("%d events, %s", len(g.Events()), &p.stdout)
			}
			resume := "rudderklaviyo send --base-url=" + url + " --concurrency=4 --output=json --from-line=5 " + path
			if !strings.Contains(p.stderrText.String(), "interrupted") || !strings.Contains(p.stderrText.String(), resume) {
				t.Errorf("the output doesn't say how to continue:\n%s", &p.stderrText)
			}
		})
	}
}

func TestSecondSignalEndsAtOnce(t *testing.T) {
	g, url := newGate(t)
	p := start(t, nil, "send", "--base-url", url, events(t, 10))
	g.await(1)
	p.signal(os.Interrupt)
	p.waitFor("Stopping")
	p.signal(os.Interrupt)
	if status, ok := p.wait().Sys().(syscall.WaitStatus); !ok || !status.Signaled() {
		t.Errorf("%v, want an end by the signal", p.cmd.ProcessState)
	}
}

// TestSessionThatIsLost sends SIGHUP several times, as the terminal and the shell both do.
func TestSessionThatIsLost(t *testing.T) {
	g, url := newGate(t)
	p := start(t, nil, "send", "--base-url", url, "--concurrency", "4", "--output", "json", events(t, 100))
	g.await(4)
	p.signal(syscall.SIGHUP)
	p.waitFor("Stopping")
	p.signal(syscall.SIGHUP)
	p.signal(syscall.SIGHUP)
	close(g.open)
	p.wantStatus(1)
	if !strings.Contains(p.stdout.String(), `"delivered":4,`) {
		t.Errorf("%s", &p.stdout)
	}
}

// TestIgnoredSignalStaysIgnored starts the program with ignored signals, as nohup and & of a shell
// do.
func TestIgnoredSignalStaysIgnored(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("there is no sh")
	}
	for name, signal := range map[string]os.Signal{"HUP": syscall.SIGHUP, "INT": os.Interrupt} {
		t.Run(name, func(t *testing.T) {
			g, url := newGate(t)
			p := newProcess(t, "-c", `trap "" `+name+`; exec "$0" "$@"`, os.Args[0], "send", "--base-url", url, "--output", "json", events(t, 20))
			p.cmd.Path, p.cmd.Stdout = must(exec.LookPath("sh")), &p.stdout
			p.start()
			g.await(1)
			p.signal(signal)
			close(g.open)
			p.wantStatus(0)
			if !strings.Contains(p.stdout.String(), `"delivered":20,`) {
				t.Errorf("%s", &p.stdout)
			}
		})
	}
}

// TestHangupUnderNohupReloads checks that serve reloads at SIGHUP under nohup, too: a withdrawn
// token must not stay valid.
func TestHangupUnderNohupReloads(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("there is no sh")
	}
	p := newProcess(t, "-c", `trap "" HUP; exec "$0" "$@"`, os.Args[0], "serve", "--simulate", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0")
	p.cmd.Path = must(exec.LookPath("sh"))
	p.start()
	p.waitFor("Events are taken")
	p.signal(syscall.SIGHUP)
	p.waitFor("accounts reloaded")
	p.signal(syscall.SIGTERM)
	p.wantStatus(0)
}

// TestHangupAtOnceReloads sends SIGHUP right after the start, as systemd may: it must not end the
// service. Go's trace shows when the handler is installed.
func TestHangupAtOnceReloads(t *testing.T) {
	p := newProcess(t, "serve", "--simulate", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0")
	p.cmd.Env = append(p.cmd.Env, "GODEBUG=inittrace=1")
	p.start()
	p.waitFor("/internal/hangup @")
	p.signal(syscall.SIGHUP)
	p.waitFor("accounts reloaded")
	p.signal(syscall.SIGTERM)
	p.wantStatus(0)
	before, after, _ := strings.Cut(p.stderrText.String(), "/internal/hangup @")
	const slow = "init github.com/santhosh-tekuri/jsonschema" // of those that take long
	if strings.Contains(before, slow) || !strings.Contains(after, slow) {
		t.Errorf("the handler isn't installed before what takes long:\n%s", before)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestSignalWhileStandardInputIsAwaited(t *testing.T) {
	g, url := newGate(t)
	close(g.open)
	stdin, more, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	defer more.Close()
	p := start(t, stdin, "send", "--base-url", url)
	if _, err := more.WriteString(event(1)); err != nil {
		t.Fatal(err)
	}
	g.await(1)
	p.signal(os.Interrupt)
	p.wantStatus(1)
	if !strings.Contains(p.stderrText.String(), "of standard input: interrupted") {
		t.Errorf("stderr:\n%s", &p.stderrText)
	}
}

func TestReaderThatHasSeenEnough(t *testing.T) {
	p := newProcess(t, "map", events(t, 5000))
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.start()
	if line, err := bufio.NewReader(stdout).ReadString('\n'); err != nil || !strings.HasPrefix(line, `{"line":1,`) {
		t.Errorf("%q, %v", line, err)
	}
	stdout.Close()
	p.wantStatus(0)
	if p.stderrText.Len() > 0 {
		t.Errorf("stderr:\n%s", &p.stderrText)
	}
}

// TestLogReaderThatLeaves checks that a delivery continues after the reader of its log has gone.
func TestLogReaderThatLeaves(t *testing.T) {
	k := klaviyotest.New(klaviyotest.WithoutLimits())
	server := httptest.NewServer(k)
	defer server.Close()
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(untilDeadline(t), os.Args[0], "send", "--log-level=debug", "--base-url="+server.URL, events(t, 50))
	cmd.Env = append(os.Environ(), asProgram+"=1", "KLAVIYO_API_KEY="+key)
	cmd.Stderr = writer
	reader.Close()
	if err := cmd.Run(); err != nil {
		t.Error(err)
	}
	writer.Close()
	if n := len(k.Events()); n != 50 {
		t.Errorf("%d of 50 events", n)
	}
}
