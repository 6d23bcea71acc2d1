package capture

import (
	"encoding/json"
	"os"
	"strconv"
	"time"
)

// description is what DUMP.meta.json says of a dump's process: nothing of its
// environment, and no values of its objects.
type description struct {
	Format   int              `json:"format"` // 1
	Ruby     string           `json:"ruby"`
	Platform string           `json:"platform"`
	PID      int              `json:"pid"`
	Argv     []string         `json:"argv"`
	Cwd      string           `json:"cwd"`
	Hostname string           `json:"hostname"`
	Time     string           `json:"time"`             // RFC 3339, with what there is of a second
	Started  time.Time        `json:"started,omitzero"` // from when on it may have loaded code
	GCCount  int64            `json:"gcCount"`
	GCStat   map[string]int64 `json:"gcStat"`
	RSS      int64            `json:"rss,omitempty"` // bytes, before the dump
	Tracing  tracing          `json:"tracing"`
	GemDirs  []string         `json:"gemDirs"`
	LoadPath []string         `json:"loadPath"`
	source
}

// tracing is of allocations. Since is the generation it began in, left out
// where somebody else switched it on.
type tracing struct {
	On    bool   `json:"on"`
	Since *int64 `json:"since,omitempty"`
}

func describe(s said, about Process, began, taken time.Time, code source) ([]byte, error) {
	d := description{
		Format: 1, Ruby: s.at("ruby", 0), Platform: s.at("platform", 0), PID: s.number("pid", 0),
		Argv: s["argv"], Cwd: s.at("cwd", 0), Time: taken.Format(time.RFC3339Nano), Started: began.Round(0),
		GCStat: map[string]int64{}, RSS: about.RSS, Tracing: tracingOf(s["tracing"]),
		GemDirs: s["gemDirs"], LoadPath: s["loadPath"], source: code,
	}
	d.Hostname, _ = os.Hostname()
	for stat := s["gcStat"]; len(stat) >= 2; stat = stat[2:] {
		if n, err := strconv.ParseInt(stat[1], 10, 64); err == nil {
			d.GCStat[stat[0]] = n
		}
	}
	d.GCCount = d.GCStat["count"]
	text, err := json.MarshalIndent(d, "", "  ")
	return append(text, '\n'), err
}

func tracingOf(words []string) tracing {
	if len(words) == 0 {
		return tracing{}
	}
	since, err := strconv.ParseInt(words[0], 10, 64)
	if err != nil {
		return tracing{On: true}
	}
	return tracing{true, &since}
}
