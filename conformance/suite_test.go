// The upstream end-to-end suite as a test program: the areas that hold conformance tests, with the fixtures they read.
// Built by `go test -c`; `npm run conformance` runs it.
package conformance

import (
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"
	conformancedata "k8s.io/kubernetes/test/conformance/testdata"
	"k8s.io/kubernetes/test/e2e"
	"k8s.io/kubernetes/test/e2e/framework"
	"k8s.io/kubernetes/test/e2e/framework/config"
	"k8s.io/kubernetes/test/e2e/framework/testfiles"
	manifests "k8s.io/kubernetes/test/e2e/testing-manifests"
	"k8s.io/kubernetes/test/fixtures"

	_ "k8s.io/kubernetes/test/e2e/apimachinery"
	_ "k8s.io/kubernetes/test/e2e/apps"
	_ "k8s.io/kubernetes/test/e2e/architecture"
	_ "k8s.io/kubernetes/test/e2e/auth"
	_ "k8s.io/kubernetes/test/e2e/common"
	_ "k8s.io/kubernetes/test/e2e/dra"
	_ "k8s.io/kubernetes/test/e2e/instrumentation"
	_ "k8s.io/kubernetes/test/e2e/kubectl"
	_ "k8s.io/kubernetes/test/e2e/network"
	_ "k8s.io/kubernetes/test/e2e/node"
	_ "k8s.io/kubernetes/test/e2e/scheduling"
	_ "k8s.io/kubernetes/test/e2e/storage"

	_ "k8s.io/kubernetes/test/e2e/framework/debug/init"
	_ "k8s.io/kubernetes/test/e2e/framework/metrics/init"
	_ "k8s.io/kubernetes/test/e2e/framework/node/init"
)

func TestMain(m *testing.M) {
	config.CopyFlags(config.Flags, flag.CommandLine)
	framework.RegisterCommonFlags(flag.CommandLine)
	framework.RegisterClusterFlags(flag.CommandLine)
	flag.Parse()
	testfiles.AddFileSource(manifests.GetE2ETestingManifestsFS())
	testfiles.AddFileSource(fixtures.GetTestFixturesFS())
	testfiles.AddFileSource(conformancedata.GetConformanceTestdataFS())
	framework.AfterReadingAllFlags(&framework.TestContext)
	os.Exit(m.Run())
}

func TestConformance(t *testing.T) {
	// Not at the top level: what goes before lists the specs by a dry run, which would report too.
	noteProgress()
	e2e.RunE2ETests(t)
}

// progress is a line of the file that CONFORMANCE_PROGRESS names: the runner shows it while the suite is at work. The
// results come from ginkgo's own report.
type progress struct {
	Name    string  `json:"name"`
	State   string  `json:"state"`
	Seconds float64 `json:"seconds"`
	Error   string  `json:"error,omitempty"`
}

func note(report types.SpecReport, state string) {
	path := os.Getenv("CONFORMANCE_PROGRESS")
	if path == "" {
		return
	}
	line, err := json.Marshal(progress{report.FullText(), state, report.RunTime.Seconds(), report.FailureMessage()})
	if err != nil {
		return
	}
	// Opened for each line, and appended in one write: several processes of the suite share it.
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return
	}
	defer file.Close()
	file.Write(append(line, '\n'))
}

// noteProgress has each test noted as it begins and ends. Nearly all tests of the suite are not selected; they are
// reported as skipped without having begun.
func noteProgress() {
	begun := ""
	ginkgo.ReportBeforeEach(func(report ginkgo.SpecReport) {
		begun = ""
		if !report.State.Is(types.SpecStateSkipped | types.SpecStatePending) {
			begun = report.FullText()
			note(report, "started")
		}
	})
	ginkgo.ReportAfterEach(func(report ginkgo.SpecReport) {
		if begun == report.FullText() {
			note(report, strings.ToLower(report.State.String()))
		}
	})
}
