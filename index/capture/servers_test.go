//go:build capture && linux

package capture

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"heapline/index"
)

// background starts a command, waits until it says a word, and ends it with the test.
func background(t *testing.T, env []string, word string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append(os.Environ(), env...)
	r, w := io.Pipe()
	cmd.Stdout, cmd.Stderr = w, w
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	seen, ended := make(chan struct{}), make(chan struct{})
	go func() { _ = cmd.Wait(); w.Close() }()
	var output strings.Builder
	go func() {
		defer close(ended)
		waiting := true
		for buffer := make([]byte, 4096); ; {
			n, err := r.Read(buffer)
			if output.Write(buffer[:n]); waiting && strings.Contains(output.String(), word) {
				waiting = false
				close(seen)
			}
			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() { _ = cmd.Process.Kill(); <-ended })
	select {
	case <-seen:
	case <-ended:
		t.Fatalf("%v ended without %q: %s", args, word, output.String())
	}
	return cmd
}

// plainRuby starts a Ruby without heapline and returns its pid.
func plainRuby(t *testing.T, code string) int {
	t.Helper()
	return background(t, nil, "started", "ruby", "-e", `$stdout.sync = true; `+code).Process.Pid
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

const rackApp = `SEEN = []
def handle(env)
  SEEN << env["PATH_INFO"].dup
  [200, { "content-type" => "text/plain" }, ["seen"]]
end
BALLAST = Array.new(50_000) { |i| "as large as a small application #{i}" }
run method(:handle)
`

// load50 asks for a page 50 times a second until stop is closed.
func load50(t *testing.T, url string, stop <-chan struct{}) (requests int, slowest time.Duration) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
	var all sync.WaitGroup
	var mu sync.Mutex
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-stop:
			all.Wait()
			return requests, slowest
		case <-ticker.C:
			requests++
			all.Go(func() {
				began := time.Now()
				response, err := client.Get(url)
				if err != nil {
					t.Errorf("a request failed: %v", err)
					return
				}
				defer response.Body.Close()
				if text, err := io.ReadAll(response.Body); err != nil || string(text) != "seen" {
					t.Errorf("a request got %q, %v", text, err)
				}
				mu.Lock()
				defer mu.Unlock()
				slowest = max(slowest, time.Since(began))
			})
		}
	}
}

func TestAPumaClusterServesWhileItIsCaptured(t *testing.T) {
	config, port := put(t, t.TempDir(), "config.ru", rackApp), freePort(t)
	s := start(t, RunOptions{Command: []string{"puma", "-w", "2", "-t", "4:4", "-b", fmt.Sprintf("tcp://127.0.0.1:%d", port), config}})
	var workers []int
	for range 2 {
		pid, _, _ := strings.Cut(s.until("(PID: "), ")")
		workers = append(workers, said{"": {pid}}.number("", 0))
	}
	go func() { // what it says later must not fill the pipe
		for s.lines.Scan() {
		}
	}()
	stop, loaded := make(chan struct{}), make(chan struct{})
	var requests int
	var slowest time.Duration
	go func() {
		defer close(loaded)
		requests, slowest = load50(t, fmt.Sprintf("http://127.0.0.1:%d/page", port), stop)
	}()
	var pause time.Duration
	dir := t.TempDir()
	for _, pid := range workers {
		began := time.Now()
		dumps, err := Attach(t.Context(), AttachOptions{PID: pid, Count: 2, Every: time.Second, Options: Options{Out: dir, Compress: "zstd"}})
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range dumps {
			pause = max(pause, d.Pause)
		}
		snapshot, description := load(t, dumps[1].Path)
		atLeast(t, "the requests' line", live(t, snapshot, config, 3), 1)
		if description.PID != pid {
			t.Errorf("a dump of %d is described as that of %d", pid, description.PID)
		}
		t.Logf("two dumps of %d, %.1f MB each, took %v", pid, float64(dumps[0].Bytes)/1e6, time.Since(began))
	}
	close(stop)
	<-loaded
	t.Logf("%d requests, the slowest took %v; the longest pause was %v", requests, slowest, pause)
	if slowest > 5*time.Second {
		t.Error("that is too long")
	}
}

const leakyWorker = `require "sidekiq"
Sidekiq.configure_server { |c| c.logger.level = Logger::WARN }
class LeakyJob
  include Sidekiq::Worker
  LEAK = []
  def perform(number)
    LEAK << "job #{number}"
    Sidekiq.redis { |r| r.lpush("done", number) }
  end
end
`

func TestASidekiqWithRbtraceIsAttachedToFromOutside(t *testing.T) {
	dir, port := t.TempDir(), fmt.Sprint(freePort(t))
	background(t, nil, "Ready to accept connections", "redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", dir)
	worker := put(t, dir, "worker.rb", leakyWorker)
	env := []string{"REDIS_URL=redis://127.0.0.1:" + port + "/0", "RUBYOPT=-robjspace -rrbtrace"}
	boot := put(t, dir, "boot.rb", "ObjectSpace.trace_object_allocations_start\nrequire \""+worker+"\"\n$stderr.puts 'booted'\n")
	sidekiq := background(t, env, "booted", "sidekiq", "-c", "2", "-r", boot)
	jobs := func() {
		cmd := exec.Command("ruby", "-r", worker, "-e",
			`200.times { |i| LeakyJob.perform_async(i) }; 200.times { Sidekiq.redis { |r| r.brpop("done", timeout: 20) } or abort "a job was lost" }`)
		cmd.Env = append(os.Environ(), env[0])
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("the jobs: %v: %s", err, out)
		}
	}
	plan, err := Plan(sidekiq.Process.Pid)
	if err != nil || !strings.Contains(plan, "HeaplineCapture.answer") || !strings.Contains(plan, string(rubyCode)) {
		t.Errorf("the plan is %q, %v", plan, err)
	}
	jobs()
	dumps, err := Attach(t.Context(), AttachOptions{PID: sidekiq.Process.Pid, Count: 3, Options: Options{Out: t.TempDir(), Taken: func(Dump) { jobs() }}})
	if err != nil {
		t.Fatal(err)
	}
	for i, d := range dumps {
		snapshot, description := load(t, d.Path)
		if got, want := live(t, snapshot, worker, 7), 200*(i+1); got < want || got > want+400 {
			t.Errorf("dump %d has %d objects of the worker's line, not about %d", i+1, got, want)
		}
		if !description.Tracing.On || description.Tracing.Since != nil {
			t.Errorf("dump %d: tracing is described as %+v", i+1, description.Tracing)
		}
		t.Logf("dump %d: %.1f MB, paused for %v", i+1, float64(d.Bytes)/1e6, d.Pause)
	}
	sentences := suspected(t, dumps)
	if len(sentences) != 1 || !strings.Contains(sentences[0], "held by ARRAY") || !strings.Contains(sentences[0], worker+":7: ") {
		t.Errorf("the suspects are %q", sentences)
	}
}

// suspected returns what a series of dumps says of each line that leaks.
func suspected(t *testing.T, dumps []Dump) []string {
	t.Helper()
	var sources []index.Source
	for _, d := range dumps {
		sources = append(sources, index.Source{Path: d.Path, Open: func() (io.ReadCloser, error) { return os.Open(d.Path) }})
	}
	snapshot, series, err := index.BuildSeries(t.Context(), sources, index.Options{})
	if err != nil {
		t.Fatal(err)
	}
	suspects, err := index.FindSuspects(t.Context(), snapshot, series, index.DefaultThresholds)
	if err != nil {
		t.Fatal(err)
	}
	var sentences []string
	for _, x := range suspects {
		site := snapshot.AllSites()[x.Site]
		place := func(file string, line int) string { return fmt.Sprintf("%s:%d", file, line) }
		sentences = append(sentences, fmt.Sprintf("%s:%d: %s", site.File, site.Line, x.Sentence(place)))
	}
	return sentences
}

func TestTracingIsSwitchedOnInARunningProcess(t *testing.T) {
	pid := plainRuby(t, `require "rbtrace"; NEW = []; puts "started"
loop { sleep 0.01; NEW << "new" }`)
	dumps, err := Attach(t.Context(), AttachOptions{PID: pid, Count: 2, Every: time.Second, Trace: true, Options: Options{Out: t.TempDir()}})
	if err != nil {
		t.Fatal(err)
	}
	if len(dumps[0].Warnings) == 0 || len(dumps[1].Warnings) != 0 {
		t.Errorf("the warnings are %q and %q", dumps[0].Warnings, dumps[1].Warnings)
	}
	snapshot, _ := load(t, dumps[1].Path)
	atLeast(t, "what was made since", live(t, snapshot, "-e", 2), 10)
}

func TestTheRbtraceOfABundleIsUsed(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "Gemfile", "source 'https://rubygems.org'\ngem 'rbtrace'\n")
	t.Chdir(dir)
	if out, err := exec.Command("bundle", "install", "--local").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	code := `$stdout.sync = true; LEAK = Array.new(1000) { "leaked" }; puts "started"; loop { sleep 1 }`
	env := []string{"RUBYOPT=-robjspace"}
	pid := background(t, env, "started", "bundle", "exec", "ruby", "-rrbtrace", "-e", "ObjectSpace.trace_object_allocations_start\n"+code).Process.Pid
	plan, err := Plan(pid)
	if want := fmt.Sprintf("# bundle exec rbtrace -p %d ", pid); err != nil || !strings.HasPrefix(plan, want) {
		t.Errorf("no %q in %q, %v", want, plan, err)
	}
	dumps, err := Attach(t.Context(), AttachOptions{PID: pid, Options: Options{Out: t.TempDir()}})
	if err != nil {
		t.Fatal(err)
	}
	snapshot, _ := load(t, dumps[0].Path)
	atLeast(t, "a constant", live(t, snapshot, "-e", 2), 1000)
}

func TestAnRbtraceThatFailsIsQuoted(t *testing.T) {
	fake := put(t, t.TempDir(), "rbtrace", "#!/bin/sh\necho no entry >&2\nexit 1\n")
	if err := os.Chmod(fake, 0o700); err != nil {
		t.Fatal(err)
	}
	pid := plainRuby(t, `require "rbtrace"; puts "started"; sleep`)
	t.Setenv("PATH", filepath.Dir(fake)+":"+os.Getenv("PATH"))
	dir := t.TempDir()
	_, err := Attach(t.Context(), AttachOptions{PID: pid, Options: Options{Out: dir}})
	if err == nil || !strings.Contains(err.Error(), "it said: no entry") {
		t.Errorf("got %v", err)
	}
	want(t, dir)
}
