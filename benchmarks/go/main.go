// Serves the in-memory fake workspace of the Databricks CLI's own tests, until standard input ends.
package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/databricks/cli/libs/testserver"
)

// host stands in for the test that the fake workspace reports to.
type host struct{}

func (host) Log(arguments ...any)                   { fmt.Fprintln(os.Stderr, arguments...) }
func (host) Logf(format string, arguments ...any)   { fmt.Fprintf(os.Stderr, format+"\n", arguments...) }
func (host) Error(arguments ...any)                 { fmt.Fprintln(os.Stderr, arguments...) }
func (host) Errorf(format string, arguments ...any) { fmt.Fprintf(os.Stderr, format+"\n", arguments...) }
func (host) Cleanup(func())                         {}
func (host) Context() context.Context               { return context.Background() }
func (host) Setenv(key, value string)               { os.Setenv(key, value) }
func (host) Helper()                                {}
func (host) FailNow()                               { os.Exit(1) }

func (h host) Fatal(arguments ...any) {
	h.Error(arguments...)
	h.FailNow()
}

func (h host) Fatalf(format string, arguments ...any) {
	h.Errorf(format, arguments...)
	h.FailNow()
}

func (h host) Skip(arguments ...any)                 { h.Fatal(arguments...) }
func (h host) Skipf(format string, arguments ...any) { h.Fatalf(format, arguments...) }

func (h host) TempDir() string {
	folder, err := os.MkdirTemp("", "")
	if err != nil {
		h.Fatal(err)
	}
	return folder
}

func main() {
	server := testserver.New(host{})
	defer server.Close()
	testserver.AddDefaultHandlers(server)
	fmt.Println(server.URL)
	io.Copy(io.Discard, os.Stdin)
}
