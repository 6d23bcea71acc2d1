package lsp

import (
	"cmp"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"go.lsp.dev/protocol"
)

// setFolders takes the workspace folders the client has open, also where it knows
// of one only. For use within change.
func (st *state) setFolders(p *protocol.InitializeParams) {
	folders, _ := p.WorkspaceFolders.Get()
	for _, f := range folders {
		st.addFolder(f)
	}
	//nolint:staticcheck // deprecated, and all that simple clients send
	if root := p.RootURI; len(st.roots) == 0 && root != nil {
		st.addFolder(protocol.WorkspaceFolder{URI: *root})
	}
}

// addFolder is for use within change.
func (st *state) addFolder(f protocol.WorkspaceFolder) {
	root := pathOf(f.URI)
	if root == "" || slices.Contains(st.roots, root) {
		return
	}
	st.roots = append(slices.Clone(st.roots), root)
	st.names = maps.Clone(st.names)
	if st.names == nil {
		st.names = map[string]string{}
	}
	st.names[root] = f.Name
}

// removeFolder is for use within change.
func (st *state) removeFolder(f protocol.WorkspaceFolder) {
	st.roots = slices.DeleteFunc(slices.Clone(st.roots), func(r string) bool { return r == pathOf(f.URI) })
}

// folderNamed returns the one folder that the client calls so, or else the one
// whose path ends so. False where that is not one.
func (st *state) folderNamed(name string) (root string, ok bool) {
	for _, nameOf := range []func(root string) string{func(root string) string { return st.names[root] }, path.Base} {
		found := slices.DeleteFunc(slices.Clone(st.roots), func(root string) bool { return nameOf(root) != name })
		if len(found) > 0 {
			return found[0], len(found) == 1
		}
	}
	return "", false
}

// variable is what stands for something else in a setting.
var variable = regexp.MustCompile(`\$\{([A-Za-z]+)(?::([^}]*))?\}`)

// expandFolder replaces ${workspaceFolder}, ${workspaceFolder:NAME}, ${userHome},
// ${env:NAME} and ~; what is relative is so to the first workspace folder. A
// variable that stands for nothing stays.
func (st *state) expandFolder(folder string) string {
	folder = variable.ReplaceAllStringFunc(folder, func(text string) string {
		v := variable.FindStringSubmatch(text)
		return cmp.Or(st.valueOf(v[1], v[2]), text)
	})
	if folder == "~" {
		folder += "/"
	}
	return filepath.ToSlash(st.absolute(folder))
}

func (st *state) valueOf(variable, name string) string {
	value := ""
	switch {
	case variable == "workspaceFolder" && name != "":
		if root, ok := st.folderNamed(name); ok {
			return root
		}
	case variable == "workspaceFolder" && len(st.roots) > 0:
		value = st.roots[0]
	case variable == "userHome":
		value, _ = os.UserHomeDir() // "" where nobody knows
	case variable == "env":
		value = os.Getenv(name)
	}
	return value
}

// collapseFolder is a folder as a setting names it that others can use too: as it
// is where a workspace folder's name would lead elsewhere.
func (st *state) collapseFolder(folder string) string {
	for i, root := range st.roots {
		rest, inside := strings.CutPrefix(folder+"/", root+"/")
		if !inside {
			continue
		}
		text := "${workspaceFolder:" + cmp.Or(st.names[root], path.Base(root)) + "}/"
		if i == 0 {
			text = "${workspaceFolder}/"
		}
		if text = strings.TrimSuffix(text+rest, "/"); st.expandFolder(text) == folder {
			return text
		}
	}
	return folder
}
