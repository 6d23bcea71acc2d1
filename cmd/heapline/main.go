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
	ctx := context.Background()
	if !signal.Ignored(os.Interrupt) { // as in a shell's background, and so it has to be for what run starts
		var stop context.CancelFunc
		ctx, stop = signal.NotifyContext(ctx, os.Interrupt)
		defer stop()
	}
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
	root.AddCommand(captureCommands()...)
	err := root.ExecuteContext(ctx)
	var exit *exitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		if exit.err != nil {
			fmt.Fprintf(stderr, "heapline: %s\n", report.PrintableError(exit.err))
		}
		return exit.code
	}
	fmt.Fprintf(stderr, "heapline: %s; see heapline --help\n", report.PrintableError(err))
	return 2
}

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs,
		Run: func(cmd *cobra.Command, _ []string) { fmt.Fprintf(cmd.OutOrStdout(), "heapline %s\n", version) },
	}
}

func lspCommand(stdin io.ReadCloser, stdout io.WriteCloser) *cobra.Command {
	var dumps []string
	cmd := &cobra.Command{
		Use: "lsp", Short: "Serve the Language Server Protocol on standard input and output", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			code := lsp.Serve(cmd.Context(), lsp.Options{In: stdin, Out: stdout, Dumps: dumps, Version: version})
			if code != 0 {
				return &exitError{code: code}
			}
			return nil
		},
	}
	cmd.Flags().Bool("stdio", true, "use standard input and output, the only transport")
	cmd.Flags().StringArrayVar(&dumps, "dump", nil, "load this heap dump at the start; several of one process, each with its --dump, as a series")
	return cmd
}

func reportCommand(stdin io.Reader) *cobra.Command {
	var (
		o        report.Options
		memory   string
		unmapped bool
		root     string
		failOn   string
	)
	o.Least = index.DefaultThresholds
	cmd := &cobra.Command{
		Use:   "report DUMP…",
		Short: "Print what is alive in a heap dump, by line, file, gem, class, type or generation",
		Long: "Print what is alive in a heap dump (plain, gzip or zstd; - for standard input).\n" +
			"Of several dumps of one process, the newest one, and what grows from dump to dump.\n" +
			"The sites that the nearest .heapline.yml names, here or in a folder above, are no suspects.",
		Args: cobra.MinimumNArgs(1),
		PreRunE: func(cmd *cobra.Command, args []string) error {
			if o.Format == "json" && !cmd.Flags().Changed("top") {
				o.Top = 0
			}
			_, err := maxMemory(memory)
			var configErr error
			o.IgnoreFile, o.Ignored, configErr = lsp.FindIgnored(".")
			return errors.Join(err, configErr, oneOf("by", o.By, report.Groupings), oneOf("sort", o.Sort, report.Orders), oneOf("format", o.Format, report.Formats),
				oneOf("fail-on", failOn, []string{"", leakSuspect}), needsSeries(failOn, args), standardInputOnce(args))
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			limit, _ := maxMemory(memory) // looked at before
			s, series, err := load(cmd.Context(), args, stdin, limit)
			o.Series = series
			if err == nil {
				o.Taken = takenOf(s.Summary().Path)
			}
			switch {
			case err != nil:
			case unmapped:
				err = writeUnmapped(cmd.Context(), cmd.OutOrStdout(), s, root, o.Format)
			default:
				err = report.Write(cmd.Context(), cmd.OutOrStdout(), s, o)
			}
			if err == nil && failOn != "" {
				err = failOnSuspects(cmd.Context(), cmd.ErrOrStderr(), o)
			}
			if err != nil {
				return &exitError{1, err}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&failOn, "fail-on", "", "with several dumps: "+leakSuspect+" exits with 1 if there is one, for tests in a pipeline")
	cmd.Flags().Int64Var(&o.Least.Objects, "suspects-min-objects", o.Least.Objects, "by how many objects a line must grow from dump to dump to be a suspect")
	cmd.Flags().Int64Var(&o.Least.Bytes, "suspects-min-bytes", o.Least.Bytes, "by how many bytes a single String, Array or Hash must")
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

func takenOf(path string) *index.Taken {
	if taken, ok := index.ReadTaken(path); ok {
		return &taken
	}
	return nil
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

// leakSuspect is what --fail-on can name.
const leakSuspect = "leak-suspect"

func needsSeries(failOn string, args []string) error {
	if failOn != "" && len(args) < 3 {
		return fmt.Errorf("--fail-on %s needs three dumps or more: what came between the first two and is still there in the last", failOn)
	}
	return nil
}

func standardInputOnce(args []string) error {
	if len(args) > 1 && slices.Contains(args, "-") {
		return errors.New("a series is read from files: standard input can be read only once")
	}
	return nil
}

// failOnSuspects names the leak suspects and returns an error if there are any.
func failOnSuspects(ctx context.Context, w io.Writer, o report.Options) error {
	if o.Series.Match == index.ByTotals {
		return errors.New("the dumps are not of one process: no leak can be told from them")
	}
	for _, d := range o.Series.LeftOut {
		fmt.Fprintf(w, "%s is %s\n", report.Printable(d.Path), d.WhyLeftOut())
	}
	if why := o.Series.Unreliable(); why != "" {
		return errors.New("no leak can be told: " + why)
	}
	lines, err := report.Sentences(ctx, o)
	if err != nil || len(lines) == 0 {
		return err
	}
	for _, line := range lines {
		fmt.Fprintln(w, line)
	}
	return fmt.Errorf("leak suspects: %d", len(lines))
}

func load(ctx context.Context, paths []string, stdin io.Reader, memory int64) (*index.Snapshot, *index.Series, error) {
	sources := make([]index.Source, len(paths))
	for i, path := range paths {
		var err error
		if sources[i], err = sourceOf(path, stdin); err != nil {
			return nil, nil, err
		}
	}
	return index.BuildSeries(ctx, sources, index.Options{Memory: memory})
}

func sourceOf(path string, stdin io.Reader) (index.Source, error) {
	if path == "-" {
		return index.Source{Path: path, Open: func() (io.ReadCloser, error) { return io.NopCloser(stdin), nil }}, nil
	}
	open := func() (io.ReadCloser, error) {
		f, err := os.Open(path)
		if err != nil {
			return nil, fmt.Errorf("%w: check the path and its permissions", err)
		}
		return f, nil
	}
	f, err := open() // to name one that is not there before reading those that are
	if err != nil {
		return index.Source{}, err
	}
	_ = f.Close()
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return index.Source{}, err
	case info.IsDir():
		return index.Source{}, fmt.Errorf("%s is a directory: name a heap dump inside of it", path)
	}
	taken, _ := index.ReadTaken(path)
	return index.Source{Path: path, Size: info.Size(), Time: taken.Time, Open: open}, nil
}
