# make demo is the first command, make test the second; make help lists the rest.

.DEFAULT_GOAL := help
.PHONY: help build demo demo-vscode demo-nvim test test-go test-capture lint fmt test-ext test-vscode test-nvim bench fuzz clean

help: ## this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

build: ## bin/heapline
	CGO_ENABLED=0 go build -trimpath -o bin/heapline ./cmd/heapline

# EDITOR is often set in a shell for other reasons: only `make demo EDITOR=nvim` itself counts.
ifeq ($(origin EDITOR),command line)
demo: demo-$(EDITOR)
else
demo: demo-vscode ## the sample app with its dump loaded, in VS Code in your browser; EDITOR=nvim: in Neovim
endif

demo-vscode:
	vscode-extension/scripts/demo.sh

demo-nvim: build
	nvim=$$(.ci/get-nvim.sh) && cd testdata/leaky && "$$nvim" --clean -u ../../lsp/testdata/nvim/demo.lua lib/request.rb

test: ## everything below, with what it needs installed first, and a table at the end
	.ci/test.sh

test-go: ## Go tests, with the race detector
	.ci/test.sh go

lint: ## formatting, linters and types, Go, TypeScript and shell
	.ci/test.sh lint

fmt: ## lays all code out as lint wants it
	go run $$(sed -n 's/^golangci_lint=//p' .ci/test.sh) fmt ./...
	npm run --silent -w vscode-extension format

test-capture: ## taking dumps, of real Ruby programs and servers
	.ci/test.sh capture

test-ext: ## the extension's unit tests
	.ci/test.sh ext

test-vscode: ## the main job in real VS Code
	.ci/test.sh vscode

test-nvim: ## the main job in real Neovim, headless and on a terminal
	.ci/test.sh nvim

bench: ## benchmarks; BENCH=regexp picks some, DUMP=file reads that dump (not compressed) instead of a made one
	go test -run '^$$' -bench '$(or $(BENCH),.)' -benchmem $(if $(DUMP),./index -args -dump '$(abspath $(DUMP))',./...)

fuzz: ## every fuzz target, for TIME=10s each
	.ci/fuzz.sh $(or $(TIME),10s)

clean: ## what is built and what tests left behind; caches outside the tree stay
	rm -rf bin test-results vscode-extension/dist vscode-extension/out vscode-extension/*.vsix
