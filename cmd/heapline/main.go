// Command heapline puts a Ruby heap dump onto the Ruby lines that allocated it.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"heapline/index"
	"heapline/index/report"
	"heapline/lsp"
)

const version = "0.1.0"

// exitError is a command's own exit code, for what is not a usage error.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string { return e.err.Error() }

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

// run is main with what it uses passed in. Exit codes: 0 done, 1 the dump can't
// be read, 2 usage; those of lsp are the protocol's.
func run(args []string, stdin io.ReadCloser, stdout io.WriteCloser, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	root := &cobra.Command{
		Use:           "heapline",
		Short:         "A Ruby heap dump on the Ruby lines that allocated it",
		Version:       version,
		SilenceErrors: true, SilenceUsage: true,
	}
	root.SetVersionTemplate("heapline {{.Version}}\n")
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	root.AddCommand(lspCommand(stdin, stdout), reportCommand(stdin), versionCommand())
	err := root.ExecuteContext(ctx)
	var exit *exitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		if exit.err != nil {
			fmt.Fprintf(stderr, "heapline: %v\n", exit.err)
		}
		return exit.code
	}
	fmt.Fprintf(stderr, "heapline: %v; see heapline --help\n", err)
	return 2
}

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs,
		Run: func(cmd *cobra.Command, _ []string) { fmt.Fprintf(cmd.OutOrStdout(), "heapline %s\n", version) },
	}
}

func lspCommand(stdin io.ReadCloser, stdout io.WriteCloser) *cobra.Command {
	var dump string
	cmd := &cobra.Command{
		Use: "lsp", Short: "Serve the Language Server Protocol on standard input and output", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			code := lsp.Serve(cmd.Context(), lsp.Options{In: stdin, Out: stdout, Dump: dump, Version: version})
			if code != 0 {
				return &exitError{code: code}
			}
			return nil
		},
	}
	cmd.Flags().Bool("stdio", true, "use standard input and output, the only transport")
	cmd.Flags().StringVar(&dump, "dump", "", "load this heap dump at the start")
	return cmd
}

func reportCommand(stdin io.Reader) *cobra.Command {
	var (
		o        report.Options
		memory   string
		unmapped bool
		root     string
	)
	cmd := &cobra.Command{
		Use:   "report DUMP",
		Short: "Print what is alive in a heap dump, by line, file, gem, class, type or generation",
		Long:  "Print what is alive in a heap dump (plain, gzip or zstd; - for standard input).",
		Args:  cobra.ExactArgs(1),
		PreRunE: func(cmd *cobra.Command, _ []string) error {
			if o.Format == "json" && !cmd.Flags().Changed("top") {
				o.Top = 0
			}
			_, err := maxMemory(memory)
			return errors.Join(err, oneOf("by", o.By, report.Groupings), oneOf("sort", o.Sort, report.Orders), oneOf("format", o.Format, report.Formats))
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			limit, _ := maxMemory(memory) // looked at before
			s, err := load(cmd.Context(), args[0], stdin, limit)
			switch {
			case err != nil:
			case unmapped:
				err = writeUnmapped(cmd.Context(), cmd.OutOrStdout(), s, root, o.Format)
			default:
				err = report.Write(cmd.Context(), cmd.OutOrStdout(), s, o)
			}
			if err != nil {
				return &exitError{1, err}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&o.By, "by", "site", strings.Join(report.Groupings, ", "))
	cmd.Flags().StringVar(&o.Sort, "sort", "bytes", strings.Join(report.Orders, ", "))
	cmd.Flags().IntVar(&o.Top, "top", 30, "rows at most, 0 for all (JSON: all unless given)")
	cmd.Flags().BoolVar(&o.Exact, "exact", false, "compute exactly what the rows shown retain (else a lower bound, marked ≥)")
	cmd.Flags().BoolVar(&o.Paths, "paths", false, "with sites: show what keeps the objects alive")
	cmd.Flags().StringVar(&o.Format, "format", "text", strings.Join(report.Formats, ", "))
	cmd.Flags().BoolVar(&unmapped, "unmapped", false, "instead: the folders of the dump's files that have no source here")
	cmd.Flags().StringVar(&root, "root", ".", "with --unmapped: the program's folder")
	cmd.Flags().StringVar(&memory, "max-memory", "", "memory that reading the dump may take, such as 8GB (default: half of the machine's)")
	return cmd
}

func writeUnmapped(ctx context.Context, w io.Writer, s *index.Snapshot, root, format string) error {
	files, err := lsp.Unmapped(ctx, s, root)
	if err != nil {
		return err
	}
	return report.WriteUnmapped(w, s, files, format)
}

// maxMemory reads the flag of that name; 0 is for the default.
func maxMemory(text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	n, err := index.ParseBytes(text)
	if err != nil {
		return 0, fmt.Errorf("--max-memory: %w", err)
	}
	return n, nil
}

func oneOf(flag, value string, choices []string) error {
	if slices.Contains(choices, value) {
		return nil
	}
	return fmt.Errorf("--%s takes one of %s, not %q", flag, strings.Join(choices, ", "), value)
}

func load(ctx context.Context, path string, stdin io.Reader, memory int64) (*index.Snapshot, error) {
	in, size := stdin, int64(0)
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, fmt.Errorf("%w: check the path and its permissions", err)
		}
		defer f.Close()
		info, err := f.Stat()
		if err != nil {
			return nil, err
		}
		if info.IsDir() {
			return nil, fmt.Errorf("%s is a directory: name a heap dump inside of it", path)
		}
		in, size = f, info.Size()
	}
	s, err := index.Build(ctx, in, index.Options{Path: path, Size: size, Memory: memory})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}
