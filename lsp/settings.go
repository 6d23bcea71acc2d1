package lsp

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.lsp.dev/protocol"

	"heapline/index"
	"heapline/index/source"
)

// settingsSection is the name of all settings together.
const settingsSection = "heapline"

// settings are what the user chose. Section "heapline" in the editor.
type settings struct {
	Dump                  dumpPaths // dumps to load at start and when this changes
	HintsEnabled          bool
	MinObjects            int64 // of a line with a hint
	MinBytes              int64 // of a line with a hint
	LensEnabled           bool
	ShowValues            bool // strings' contents in hovers: dumps hold secrets
	DiagnosticsEnabled    bool
	HotspotPercent        float64 // of the live bytes, for an Information
	HotspotWarningPercent float64 // of the live bytes, for a Warning
	SuspectObjects        int64   // by which a suspect grows at least, from dump to dump
	SuspectBytes          int64   // so for single objects that become larger
	LeakSuspectSeverity   severity
	SteadyGrowthSeverity  severity
	MaxMemory             size // that a load may take
	PathMappings          pathMappings
	Revision              string // of the source that dumps were taken from, "" for the sidecar's or a guess
	RubyCommand           string // what runs a Ruby file
	DumpFolder            string // for dumps that are taken here, "" for one of our own
	Trusted               bool   // the workspace: programs may be run in it
}

func defaultSettings() settings {
	return settings{
		HintsEnabled: true, MinObjects: 1, MinBytes: 1000, LensEnabled: true,
		ShowValues:         true,
		DiagnosticsEnabled: true, HotspotPercent: 1, HotspotWarningPercent: 10,
		SuspectObjects: index.DefaultThresholds.Objects, SuspectBytes: index.DefaultThresholds.Bytes,
		LeakSuspectSeverity: "warning", SteadyGrowthSeverity: "information",
		RubyCommand: "ruby",
		Trusted:     true,
	}
}

// thresholds say how much must grow before it is a suspect.
func (s settings) thresholds() index.Thresholds {
	return index.Thresholds{Objects: s.SuspectObjects, Bytes: s.SuspectBytes}
}

// severity is how a kind of diagnostics is shown.
type severity string

const severityOff severity = "off" // not at all

var severities = map[severity]protocol.DiagnosticSeverity{
	"error":       protocol.DiagnosticSeverityError,
	"warning":     protocol.DiagnosticSeverityWarning,
	"information": protocol.DiagnosticSeverityInformation,
	"hint":        protocol.DiagnosticSeverityHint,
	severityOff:   0,
}

// UnmarshalJSON reads one of those.
func (s *severity) UnmarshalJSON(raw []byte) error {
	var text severity
	if err := json.Unmarshal(raw, (*string)(&text)); err != nil {
		return err
	}
	if _, ok := severities[text]; !ok {
		return fmt.Errorf("%q is no severity", text)
	}
	*s = text
	return nil
}

// size is a number of bytes, as people write it; 0 for the default.
type size int64

// UnmarshalJSON reads a text such as "8 GB", or a bare number of bytes; an
// empty text is the default.
func (s *size) UnmarshalJSON(raw []byte) error {
	text := string(raw)
	if raw[0] == '"' {
		if err := json.Unmarshal(raw, &text); err != nil {
			return err
		}
	}
	if text == "" {
		*s = 0
		return nil
	}
	n, err := index.ParseBytes(text)
	if err == nil {
		*s = size(n)
	}
	return err
}

// dumpPaths are paths of dumps, one or those of a series: a JSON array, so that
// two can be compared; "" for none.
type dumpPaths string

func newDumpPaths(paths []string) dumpPaths {
	paths = slices.DeleteFunc(slices.Clone(paths), func(path string) bool { return path == "" })
	if len(paths) == 0 {
		return ""
	}
	array, _ := json.Marshal(paths) // texts always can be
	return dumpPaths(array)
}

// UnmarshalJSON reads a path, or an array of them.
func (d *dumpPaths) UnmarshalJSON(raw []byte) error {
	paths := make([]string, 1)
	err := json.Unmarshal(raw, &paths[0])
	if err != nil {
		err = json.Unmarshal(raw, &paths)
	}
	if err == nil {
		*d = newDumpPaths(paths)
	}
	return err
}

func (d dumpPaths) list() (paths []string) {
	_ = json.Unmarshal([]byte(d), &paths) // "" is none
	return paths
}

// pathMappings are folders of dumps with the folders here that they are: a JSON
// object of texts with sorted names, so that two can be compared; "" for none.
type pathMappings string

// UnmarshalJSON reads {"/app": "${workspaceFolder}"}.
func (m *pathMappings) UnmarshalJSON(raw []byte) error {
	if string(raw) == "[]" { // what Lua makes of an empty table
		raw = []byte("{}")
	}
	var object map[string]string
	if err := json.Unmarshal(raw, &object); err != nil {
		return err
	}
	if *m = ""; len(object) == 0 {
		return nil
	}
	sorted, err := json.Marshal(object)
	*m = pathMappings(sorted)
	return err
}

// rules are the mappings with what stands for folders in them replaced.
func (st *state) rules() []source.Rule {
	var object map[string]string
	_ = json.Unmarshal([]byte(st.settings.PathMappings), &object) // "" is none
	var rules []source.Rule
	for _, from := range slices.Sorted(maps.Keys(object)) {
		rules = append(rules, source.Rule{From: from, To: st.expandFolder(object[from])}.Clean())
	}
	return rules
}

// parseSettings returns base with the values that raw sets, bare or wrapped in
// {"heapline": …}. A value of a wrong type changes nothing and is reported.
func parseSettings(base settings, raw []byte) (_ settings, problems []string) {
	if wrapped := lookup(raw, settingsSection); wrapped != nil {
		raw = wrapped
	}
	for _, f := range []struct {
		name string
		into any
	}{
		{"dump", &base.Dump},
		{"inlayHints.enabled", &base.HintsEnabled},
		{"inlayHints.minObjects", &base.MinObjects},
		{"inlayHints.minBytes", &base.MinBytes},
		{"codeLens.enabled", &base.LensEnabled},
		{"hover.showValues", &base.ShowValues},
		{"diagnostics.enabled", &base.DiagnosticsEnabled},
		{"diagnostics.hotspotPercent", &base.HotspotPercent},
		{"diagnostics.hotspotWarningPercent", &base.HotspotWarningPercent},
		{"diagnostics.leakSuspectSeverity", &base.LeakSuspectSeverity},
		{"diagnostics.steadyGrowthSeverity", &base.SteadyGrowthSeverity},
		{"suspects.minObjects", &base.SuspectObjects},
		{"suspects.minBytes", &base.SuspectBytes},
		{"maxMemory", &base.MaxMemory},
		{"pathMappings", &base.PathMappings},
		{"revision", &base.Revision},
		{"rubyCommand", &base.RubyCommand},
		{"dumpFolder", &base.DumpFolder},
		{"trusted", &base.Trusted},
	} {
		value := lookup(raw, strings.Split(f.name, ".")...)
		if value != nil && json.Unmarshal(value, f.into) != nil {
			problems = append(problems, fmt.Sprintf("the setting %s.%s cannot be %s", settingsSection, f.name, value))
		}
	}
	return base, problems
}

// lookup returns the value below the keys, nil where there is none or null.
func lookup(raw json.RawMessage, keys ...string) json.RawMessage {
	for _, key := range keys {
		var object map[string]json.RawMessage
		if json.Unmarshal(raw, &object) != nil {
			return nil
		}
		raw = object[key]
	}
	if string(raw) == "null" {
		return nil
	}
	return raw
}

func (s *server) warnSettings(problems []string) {
	for _, p := range problems {
		s.logf(protocol.MessageTypeWarning, "%s: its default is used", p)
	}
}

// DidChangeConfiguration takes the settings from the notification where the
// client cannot be asked for them.
func (s *server) DidChangeConfiguration(_ context.Context, p *protocol.DidChangeConfigurationParams) error {
	if s.caps.configuration {
		s.settingsChanged.raise()
		return nil
	}
	s.useSettings(p.Settings)
	return nil
}

// registerSettings asks to be told of changes; some clients only tell then.
func (s *server) registerSettings(ctx context.Context) {
	if !s.caps.registerSettings {
		return
	}
	if err := s.register(ctx, "heapline-settings", protocol.MethodWorkspaceDidChangeConfiguration,
		&protocol.DidChangeConfigurationRegistrationOptions{
			Section: protocol.String(settingsSection),
		}); err != nil {
		s.logf(protocol.MessageTypeWarning, "settings changes will not be noticed: %v", err)
	}
}

// register asks the client to send a kind of notification.
func (s *server) register(ctx context.Context, id, method string, options any) error {
	raw, err := protocol.Marshal(options)
	if err != nil {
		return err
	}
	return s.client.RegisterCapability(ctx, &protocol.RegistrationParams{
		Registrations: []protocol.Registration{{ID: id, Method: method, RegisterOptions: raw}},
	})
}

// pullSettings asks the client for the settings.
func (s *server) pullSettings(ctx context.Context) {
	if !s.caps.configuration {
		return
	}
	res, err := s.client.Configuration(ctx, &protocol.ConfigurationParams{
		Items: []protocol.ConfigurationItem{{Section: new(settingsSection)}},
	})
	if err != nil || len(res) != 1 {
		if ctx.Err() == nil {
			s.logf(protocol.MessageTypeWarning, "the client did not answer with settings: %v", err)
		}
		return
	}
	s.useSettings(res[0])
}

// useSettings makes everything on screen follow new settings.
func (s *server) useSettings(raw []byte) {
	next, problems := parseSettings(s.initial, raw)
	s.warnSettings(problems)
	first := !s.configured.Swap(true)
	var previous settings
	s.change(func(st *state) { previous, st.settings = st.settings, next })
	if next == previous {
		return
	}
	if next.PathMappings != previous.PathMappings || next.Revision != previous.Revision {
		s.rootsChanged.raise()
	}
	s.showChanged()
	if next.Dump == "" || next.Dump == previous.Dump {
		return
	}
	if first && s.startDump != "" { // who starts the server has the first word
		return
	}
	s.loadInBackground(next.Dump.list())
}
