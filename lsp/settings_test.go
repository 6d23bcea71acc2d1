package lsp

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

func TestSettingsChange(t *testing.T) {
	a := newApp(t)
	c := a.loaded(t)
	c.await("workspace/inlayHint/refresh", anything)
	set := func(settings object) {
		c.notify("workspace/didChangeConfiguration", object{"settings": object{"heapline": settings}})
	}
	set(object{"inlayHints": object{"minBytes": 5000}})
	c.await("workspace/inlayHint/refresh", anything)
	c.wantHints(a.ruby, appHints[0])

	set(object{"inlayHints": object{"minObjects": 6}})
	c.wantHints(a.ruby, appHints[1])

	set(object{"inlayHints": object{"enabled": false}, "hover": object{"showValues": false}})
	c.wantHints(a.ruby)
	if got := c.hover(a.ruby, 2); got == "" || strings.Contains(got, "hello") {
		t.Errorf("hover with hidden values: %s", got)
	}

	set(object{"diagnostics": object{"hotspotPercent": 5, "hotspotWarningPercent": 6}})
	c.diagnosed(a.ruby, "1:2-12 warning")

	set(object{"diagnostics": object{"enabled": false}})
	c.diagnosed(a.ruby)

	set(object{})
	c.wantHints(a.ruby, appHints...)
	if got := c.hover(a.ruby, 2); !strings.Contains(got, "hello") {
		t.Errorf("hover with values: %s", got)
	}
}

func TestSettingsArePulled(t *testing.T) {
	a := newApp(t)
	caps := everything()
	workspace := caps["workspace"].(object)
	workspace["configuration"] = true
	workspace["didChangeConfiguration"] = object{"dynamicRegistration": true}
	c := connect(t, Options{})
	minObjects := 6
	c.answer("workspace/configuration", func(json.RawMessage) any {
		c.mu.Lock()
		defer c.mu.Unlock()
		return []object{{"inlayHints": object{"minObjects": minObjects}, "dump": nil}}
	})
	c.initialize(a.root, object{
		"capabilities":          caps,
		"initializationOptions": object{"inlayHints": object{"minBytes": 0}},
	})
	c.await("workspace/configuration", contains(`"heapline"`))
	c.open(a.ruby, appText)
	c.load(a.dump)
	c.untilHints(a.ruby, appHints[1])

	c.mu.Lock()
	minObjects = 11
	c.mu.Unlock()
	c.notify("workspace/didChangeConfiguration", object{"settings": nil})
	c.untilHints(a.ruby)
	if got := c.all("client/registerCapability"); !slices.ContainsFunc(got, contains("workspace/didChangeConfiguration")) {
		t.Errorf("registered: %s", got)
	}
}

func TestDumpAtStart(t *testing.T) {
	a := newApp(t)
	other := write(t, a.root, "other.heap", heapOf(t, "1 String 5000 /srv/app/lib/cache.rb:1"))
	configured := func() object {
		caps := everything()
		caps["workspace"].(object)["configuration"] = true
		return caps
	}
	for _, tt := range []struct {
		name   string
		opts   Options
		init   object
		config object
		want   []string
	}{
		{"from the command line", Options{Dumps: []string{a.dump}}, object{}, nil, appHints},
		{"from the initialization options", Options{}, object{"initializationOptions": object{"dump": a.dump}}, nil, appHints},
		{"from wrapped initialization options", Options{}, object{"initializationOptions": object{"heapline": object{"dump": a.dump}}}, nil, appHints},
		{"by a path below the workspace folder", Options{}, object{"initializationOptions": object{"dump": "tmp/app.heap"}}, nil, appHints},
		{"from the settings", Options{}, object{}, object{"dump": a.dump}, appHints},
		{"from the command line rather than the settings", Options{Dumps: []string{a.dump}}, object{}, object{"dump": other}, appHints},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := connect(t, tt.opts)
			if tt.config != nil {
				tt.init["capabilities"] = configured()
				c.answer("workspace/configuration", func(json.RawMessage) any { return []object{tt.config} })
			}
			c.initialize(a.root, tt.init)
			c.open(a.ruby, appText)
			c.await("heapline/status", contains(`"loaded"`))
			c.wantHints(a.ruby, tt.want...)
		})
	}
}

func TestDumpSettingChange(t *testing.T) {
	a := newApp(t)
	c := start(t, a.root)
	c.open(a.ruby, appText)
	c.notify("workspace/didChangeConfiguration", object{"settings": object{"heapline": object{"dump": a.dump}}})
	c.await("heapline/status", contains(`"loaded"`))
	c.wantHints(a.ruby, appHints...)
}

func TestFailureAtStartIsShown(t *testing.T) {
	c := connect(t, Options{Dumps: []string{"/none/at-all.heap"}})
	c.initialize(tempDir(t))
	c.await("window/showMessage", contains("/none/at-all.heap does not exist"))
}

func TestANotificationHasNoLinks(t *testing.T) {
	c := connect(t, Options{Dumps: []string{"/none/[x](command:undo).heap"}})
	c.initialize(tempDir(t))
	c.await("window/showMessage", contains("/none/[x]\u200b(command:undo).heap does not exist"))
}

func TestParseSettings(t *testing.T) {
	base := defaultSettings()
	for _, tt := range []struct {
		name, raw string
		want      func(*settings)
		problems  string
	}{
		{"nothing", ``, func(*settings) {}, ""},
		{"null", `null`, func(*settings) {}, ""},
		{"bare", `{"inlayHints":{"minObjects":5}}`, func(s *settings) { s.MinObjects = 5 }, ""},
		{"wrapped", `{"heapline":{"hover":{"showValues":false}}}`, func(s *settings) { s.ShowValues = false }, ""},
		{"null values are defaults", `{"dump":null,"inlayHints":null}`, func(*settings) {}, ""},
		{"fractions of percents", `{"diagnostics":{"hotspotPercent":0.5}}`, func(s *settings) { s.HotspotPercent = 0.5 }, ""},
		{"one wrong value spares the others", `{"inlayHints":{"minObjects":"many","minBytes":7}}`, func(s *settings) { s.MinBytes = 7 }, `the setting heapline.inlayHints.minObjects cannot be "many"`},
		{"what a suspect is", `{"suspects":{"minObjects":100,"minBytes":0}}`, func(s *settings) { s.SuspectObjects, s.SuspectBytes = 100, 0 }, ""},
		{"a severity", `{"diagnostics":{"leakSuspectSeverity":"off"}}`, func(s *settings) { s.LeakSuspectSeverity = "off" }, ""},
		{"a severity that is none", `{"diagnostics":{"steadyGrowthSeverity":"loud"}}`, func(*settings) {}, `the setting heapline.diagnostics.steadyGrowthSeverity cannot be "loud"`},
		{"a severity of a wrong shape", `{"diagnostics":{"leakSuspectSeverity":2}}`, func(*settings) {}, `the setting heapline.diagnostics.leakSuspectSeverity cannot be 2`},
		{"a size with a unit", `{"maxMemory":"1.5 GB"}`, func(s *settings) { s.MaxMemory = 1_500_000_000 }, ""},
		{"a size in bytes", `{"maxMemory":64000000}`, func(s *settings) { s.MaxMemory = 64_000_000 }, ""},
		{"an empty size", `{"maxMemory":""}`, func(*settings) {}, ""},
		{"a size that is none", `{"maxMemory":"much"}`, func(*settings) {}, `the setting heapline.maxMemory cannot be "much"`},
		{"a size of a wrong shape", `{"maxMemory":[8]}`, func(*settings) {}, `the setting heapline.maxMemory cannot be [8]`},
		{"unknown names", `{"colour":"red"}`, func(*settings) {}, ""},
		{"no object", `[1]`, func(*settings) {}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			want := base
			tt.want(&want)
			got, problems := parseSettings(base, []byte(tt.raw))
			if got != want || strings.Join(problems, "; ") != tt.problems {
				t.Errorf("got %+v %q", got, problems)
			}
		})
	}
}
