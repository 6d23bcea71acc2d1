//go:build capture

package main

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// These scripts need Ruby: .ci/test.sh capture installs it.
func TestCaptureScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata/capture"})
}
