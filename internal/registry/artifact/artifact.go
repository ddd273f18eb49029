// Package artifact keeps a registry as artifacts in an OCI registry, where
// container images are kept.
//
// A version is a manifest in HOST/REPOSITORY/NS with a layer for each of its
// files, tagged with its version; 1.4, 1 and latest move with the versions. The
// index is an artifact of its own at HOST/REPOSITORY:index, and is written last.
// The same release gives the same manifest, so that its digest names it.
//
// OCI registries have no conditional write: whoever sets a tag last has it. So
// the tag of a version is read right before it is set, right after that, and
// once more a moment later, before the index is written. Of publishers with
// other contents of one version, those who set the tag within that moment see
// the same winner, and the others end with a conflict. What stays open is one
// that stops for longer than the moment between its reading and its setting: it
// replaces a version that another has reported as added. The index keeps the
// content that it named first, so that the late one ends with a conflict when it
// comes to the index after the first; Read and so verification find that the tag
// holds something else. Only when both also write the index at the same moment
// can both report a version as added; the next run of the one that lost is a
// conflict then.
//
// Two publishers who write the index at the same moment can lose an entry of it,
// though no version: each reads it back, and the next run takes in what is
// stored and not named.
package artifact

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/karzoun/miniapp-review/internal/registry"
)

// The types of artifacts and of their layers.
const (
	typeRelease    = "application/vnd.karzoun.miniapp.release.v1+json"
	typeMark       = "application/vnd.karzoun.miniapp.yank.v1+json"
	typeIndex      = "application/vnd.karzoun.miniapp.index.v1+json"
	typeDefinition = "application/vnd.karzoun.miniapp.definition.v1+json"
	typeListing    = "application/vnd.karzoun.miniapp.listing.v1+json"
	typeProvenance = "application/vnd.karzoun.miniapp.provenance.v1+json"
	typeChangelog  = "text/markdown"
)

// indexTag is the tag of the index in the repository of the registry.
const indexTag = "index"

// versionTag is the tag of a version: tags have no "+".
func versionTag(version string) string { return strings.ReplaceAll(version, "+", "_") }

// versionOf is the version of a tag, or "" for one that names something else.
func versionOf(ns, tag string) string {
	version := strings.ReplaceAll(tag, "_", "+")
	if registry.CheckName(ns, version) != nil {
		return ""
	}
	return version
}

// markTag is the tag of the mark of a version. No version starts with a letter.
func markTag(version string) string { return "yanked-" + versionTag(version) }

// packed is an artifact, ready to be pushed: blobs first.
type packed struct {
	blobs    []blob
	manifest blob
}

type blob struct {
	desc ocispec.Descriptor
	data []byte
}

func newBlob(mediaType string, data []byte) blob {
	return blob{ocispec.Descriptor{MediaType: mediaType, Digest: digest.FromBytes(data), Size: int64(len(data))}, data}
}

// layer is a file of an artifact, with its name for those who pull it.
func layer(name, mediaType string, data []byte) blob {
	b := newBlob(mediaType, data)
	b.desc.Annotations = map[string]string{ocispec.AnnotationTitle: name}
	return b
}

// pack makes an artifact. The same parts give the same bytes.
func pack(artifactType string, annotations map[string]string, layers ...blob) (*packed, error) {
	empty := blob{ocispec.DescriptorEmptyJSON, ocispec.DescriptorEmptyJSON.Data}
	empty.desc.Data = nil
	m := ocispec.Manifest{
		Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageManifest,
		ArtifactType: artifactType, Config: empty.desc, Annotations: annotations,
	}
	p := &packed{blobs: []blob{empty}}
	for _, l := range layers {
		m.Layers = append(m.Layers, l.desc)
		p.blobs = append(p.blobs, l)
	}
	data, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("writing a manifest: %w", err)
	}
	p.manifest = newBlob(ocispec.MediaTypeImageManifest, data)
	return p, nil
}

// packRelease makes the artifact of a release.
func packRelease(r *registry.Release) (*packed, error) {
	annotations := map[string]string{ocispec.AnnotationTitle: r.NS, ocispec.AnnotationVersion: r.Version}
	if len(r.Provenance) == 0 {
		return nil, fmt.Errorf("%s %s has no provenance record", r.NS, r.Version)
	}
	p, err := r.ReadProvenance()
	if err != nil {
		return nil, err
	}
	for key, value := range map[string]string{
		ocispec.AnnotationCreated: p.Source.Committed, ocispec.AnnotationRevision: p.Source.Commit, ocispec.AnnotationSource: p.Source.Repository,
	} {
		if value != "" {
			annotations[key] = value
		}
	}
	return pack(typeRelease, annotations,
		layer(registry.DefinitionFile, typeDefinition, r.Definition), layer(registry.ListingFile, typeListing, r.Listing),
		layer(registry.ChangelogFile, typeChangelog, r.Changelog), layer(registry.ProvenanceFile, typeProvenance, r.Provenance))
}

// parseManifest reads the manifest of an artifact of a type, and returns its
// layers by the names of the files.
func parseManifest(data []byte, artifactType string) (map[string]ocispec.Descriptor, error) {
	var m ocispec.Manifest
	d := json.NewDecoder(bytes.NewReader(data))
	if err := d.Decode(&m); err != nil {
		return nil, fmt.Errorf("reading the manifest: %w", err)
	}
	if m.ArtifactType != artifactType {
		return nil, fmt.Errorf("the artifact is of type %.80q, and not %s", m.ArtifactType, artifactType)
	}
	layers := map[string]ocispec.Descriptor{}
	for _, l := range m.Layers {
		layers[l.Annotations[ocispec.AnnotationTitle]] = l
	}
	return layers, nil
}

// Manifest returns the manifest of a release's artifact, whose digest names it.
func Manifest(r *registry.Release) ([]byte, error) {
	p, err := packRelease(r)
	if err != nil {
		return nil, err
	}
	return p.manifest.data, nil
}
