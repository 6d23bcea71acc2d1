package lsp

import (
	"context"
	"path"
	"slices"
	"strings"

	"heapline/index/source"
)

// history is what git knows of the sources that a dump may be of.
type history struct {
	revisions []*revision // of each repository
	elsewhere bool        // no repository has the commit that the sidecar names
	warnings  []string    // sentences about what is not known
}

// sameAs reports whether two find the same texts.
func (h *history) sameAs(g *history) bool {
	return slices.EqualFunc(h.revisions, g.revisions, (*revision).sameAs) && h.elsewhere == g.elsewhere && slices.Equal(h.warnings, g.warnings)
}

// revisionOf returns the revision of the innermost repository that a file is
// in, nil where there is none, and the file's paths in it.
func (h *history) revisionOf(real string) (inner *revision, n names) {
	for _, r := range h.revisions {
		if found, ok := r.names(real); ok && (inner == nil || len(r.top) > len(inner.top)) {
			inner, n = r, found
		}
	}
	return inner, n
}

// historian finds the revisions of repositories, one after the other.
type historian struct {
	history
	origin  origin
	setting string
	tops    []string
	found   [2]bool // whether a repository has the commit of the sidecar, and that of the setting
	failed  bool    // git did not always answer
}

func newHistorian(p places, o origin) *historian { return &historian{origin: o, setting: p.revision} }

// look finds those of the repositories that folders are in.
func (h *historian) look(ctx context.Context, folders []string) {
	ctx, cancel := context.WithTimeout(ctx, gitTime)
	defer cancel()
	for _, folder := range folders {
		top, head, err := repositoryOf(ctx, folder)
		if why := refusal(err); why != "" {
			h.failed = true
			h.warn(why)
		}
		if err != nil || slices.Contains(h.tops, top) {
			continue
		}
		h.tops = append(h.tops, top)
		r := &revision{top: top, head: head}
		if h.failed = !h.choose(ctx, r) || h.failed; r.commit != "" {
			r.renamed = renames(ctx, r.top, r.commit)
			h.revisions = append(h.revisions, r)
		}
	}
	h.failed = h.failed || ctx.Err() != nil
}

// choose finds the commit of one repository: that which the sidecar names, that of
// the setting where it does not have that one, else a guess. It returns false
// where git does not say whether it has those.
func (h *historian) choose(ctx context.Context, r *revision) bool {
	commits, err := commitsOf(ctx, r.top, h.origin.Revision, h.setting)
	if err != nil {
		return false
	}
	for by, commit := range commits {
		if commit != "" && r.commit == "" {
			r.commit, r.by = commit, authority(by)
		}
		h.found[by] = h.found[by] || commit != ""
	}
	if r.commit == "" {
		r.commit, r.by = guess(ctx, r.top, h.origin.taken)
	}
	return true
}

func (h *historian) warn(text string) {
	if !slices.Contains(h.warnings, text) {
		h.warnings = append(h.warnings, text)
	}
}

// told is what there is to know once all has been looked at.
func (h *historian) told() *history {
	for by, where := range []struct{ name, what string }{
		{h.origin.Revision, "the dump is of commit " + label(h.origin.Revision)},
		{h.setting, "heapline.revision is " + label(h.setting)},
	} {
		if where.name != "" && !h.found[by] && !h.failed {
			h.warn(where.what + ", which no repository here has: lines may be others")
			h.elsewhere = h.elsewhere || authority(by) == bySidecar
		}
	}
	return &h.history
}

// maxNested bounds the repositories below a workspace folder that git is asked for.
const maxNested = 32

// nested returns which of the folders with a .git are worth a look, beside those
// that are known.
func nested(folders, known []string) []string {
	own := slices.DeleteFunc(folders, func(folder string) bool {
		return slices.Contains(known, folder) || source.Origin(folder+"/x.rb") != source.OriginApp
	})
	return own[:min(len(own), maxNested)]
}

// besides are the folders of gems that lie beside the workspace folders.
func (p places) besides() []string {
	var folders []string
	for _, root := range p.roots {
		lock, _ := readText(path.Join(root, "Gemfile.lock")) // mostly there is none
		for _, remote := range source.PathRemotes(lock) {
			if folder := path.Join(root, remote); strings.HasPrefix(remote, "../") && !slices.Contains(folders, folder) {
				folders = append(folders, folder)
			}
		}
	}
	return folders
}
