package artifact

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/karzoun/miniapp-review/internal/registry/registrytest"
)

// TestAnnotations has the annotations of a version as the registry stores them,
// under the names that other tools know.
func TestAnnotations(t *testing.T) {
	target := open(t, registrytest.DockerRegistry(t, "")+"/apps", Options{})
	registrytest.MustPublish(t, target, registrytest.Release(t, "acme", "1.4.2+7", "First"))
	r, err := target.repository("apps/acme")
	if err != nil {
		t.Fatal(err)
	}
	_, data, err := r.manifest(t.Context(), "1.4.2_7")
	if err != nil {
		t.Fatal(err)
	}
	var m ocispec.Manifest
	if err := json.Unmarshal(data, &m); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"org.opencontainers.image.title":    "acme",
		"org.opencontainers.image.version":  "1.4.2+7",
		"org.opencontainers.image.created":  "2026-11-20T10:00:00Z",
		"org.opencontainers.image.revision": strings.Repeat("c", 40),
		"org.opencontainers.image.source":   "https://forge.example/acme/definitions",
	}
	if diff := cmp.Diff(want, m.Annotations); diff != "" {
		t.Errorf("annotations (-want +got):\n%s", diff)
	}
	var layers [][2]string
	for _, l := range m.Layers {
		layers = append(layers, [2]string{l.Annotations["org.opencontainers.image.title"], l.MediaType})
	}
	wantLayers := [][2]string{
		{"miniapp.json", "application/vnd.karzoun.miniapp.definition.v1+json"},
		{"listing.json", "application/vnd.karzoun.miniapp.listing.v1+json"},
		{"CHANGELOG.md", "text/markdown"},
		{"provenance.json", "application/vnd.karzoun.miniapp.provenance.v1+json"},
	}
	if diff := cmp.Diff(wantLayers, layers); diff != "" {
		t.Errorf("layers (-want +got):\n%s", diff)
	}
}
