package lsp

import (
	"encoding/json"
	"slices"

	"go.lsp.dev/protocol"
)

// clientCaps are the client capabilities the server asks about. In the protocol
// every step to them may be missing; they are looked up once, here.
type clientCaps struct {
	utf8             bool // offers UTF-8 columns
	markdown         bool // shows markdown in hovers
	resolveTooltip   bool // fetches the tooltips of hints one by one
	relatedPlaces    bool // shows what a diagnostic is related to
	refreshHints     bool
	refreshLenses    bool
	progress         bool // lets the server start progress on its own
	configuration    bool // answers workspace/configuration
	registerSettings bool // wants to be asked for settings changes
	watchFiles       bool
	relativePatterns bool // in file watchers
	codeActions      bool
	actionLiterals   bool // takes code actions, not only commands
	showDocument     bool // opens a file when the server asks for it
	status           bool // shows heapline/status
}

func flatten(c *protocol.ClientCapabilities) clientCaps {
	var out clientCaps
	if g := c.General; g != nil {
		out.utf8 = slices.Contains(g.PositionEncodings, protocol.PositionEncodingKindUTF8)
	}
	if w := c.Window; w != nil {
		out.progress = isTrue(w.WorkDoneProgress)
		out.showDocument = w.ShowDocument != nil && w.ShowDocument.Support
	}
	if t := c.TextDocument; t != nil {
		out.flattenDocument(t)
	}
	if w := c.Workspace; w != nil {
		out.flattenWorkspace(w)
	}
	var experimental struct {
		HeaplineStatus bool `json:"heaplineStatus"`
	}
	if json.Unmarshal(c.Experimental, &experimental) == nil {
		out.status = experimental.HeaplineStatus
	}
	return out
}

func (c *clientCaps) flattenDocument(t *protocol.TextDocumentClientCapabilities) {
	if t.Hover != nil {
		c.markdown = slices.Contains(t.Hover.ContentFormat, protocol.MarkupKindMarkdown)
	}
	if t.PublishDiagnostics != nil {
		c.relatedPlaces = isTrue(t.PublishDiagnostics.RelatedInformation)
	}
	if t.CodeAction != nil {
		c.codeActions = true
		c.actionLiterals = len(t.CodeAction.CodeActionLiteralSupport.CodeActionKind.ValueSet) > 0
	}
	if t.InlayHint != nil {
		c.resolveTooltip = slices.Contains(t.InlayHint.ResolveSupport.Properties, "tooltip")
	}
}

func (c *clientCaps) flattenWorkspace(w *protocol.WorkspaceClientCapabilities) {
	c.configuration = isTrue(w.Configuration)
	if w.InlayHint != nil {
		c.refreshHints = isTrue(w.InlayHint.RefreshSupport)
	}
	if w.CodeLens != nil {
		c.refreshLenses = isTrue(w.CodeLens.RefreshSupport)
	}
	if w.DidChangeConfiguration != nil {
		c.registerSettings = isTrue(w.DidChangeConfiguration.DynamicRegistration)
	}
	if w.DidChangeWatchedFiles != nil {
		c.watchFiles = isTrue(w.DidChangeWatchedFiles.DynamicRegistration)
		c.relativePatterns = isTrue(w.DidChangeWatchedFiles.RelativePatternSupport)
	}
}

func isTrue(b *bool) bool { return b != nil && *b }
