package rules

import (
	"net/url"
	"path"
	"strings"

	"github.com/rivo/uniseg"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/weburl"
)

const groupListing = "Listing"

// listingRules are about how the app looks in the marketplace.
func listingRules() []Spec {
	return []Spec{
		statusPrivate(), shortDescriptionFits(), descriptionSteps(), descriptionEventTable(),
		imageHTTPS(), imageFormat(), guideAbsolute(), listingOwnHost(), youtubeBareID(),
	}
}

func statusPrivate() Spec {
	return Spec{
		ID: "status-private", Group: groupListing, Severity: finding.Error,
		Title:   "A submission is private",
		Purpose: "Checks that status is \"private\", since only the platform makes an app public, after its approval.",
		Source:  "Drafts stay private; the platform sets public when the app is registered. A draft that is public is a named reason for trouble.",
		Help:    "Set `\"status\": \"private\"`. `miniapp check --fix` does it.",
		Fires: []Example{
			{Name: "public", Edit: `/status = "public"`},
			{Name: "a state that is none", Edit: `/status = "draft"`},
		},
		Silent: []Example{{Name: "no text, of which the schema speaks", Edit: `/status = true`}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			n := def.Field("status")
			if status, ok := n.Str(); ok && status != "private" {
				p.Node(n, "the status is %s; only the platform makes an app public", shown(status)).
					Hint("Write \"private\".").Fix("write \"private\"", def.Doc.Replace(n, `"private"`))
			}
		},
	}
}

// longestShortDescription is in characters as people count them.
const longestShortDescription = 120

func shortDescriptionFits() Spec {
	return Spec{
		ID: "short-description-fits", Group: groupListing, Severity: finding.Warning,
		Title:   "The short description fits on its card",
		Purpose: "Checks that shortDescription is one line of at most 120 characters.",
		Source:  "It is the line below the title on a card of the marketplace, which has room for about 120 characters.",
		Help:    "Say in one sentence what people can do with the app. The rest belongs into `description`.",
		Fires: []Example{
			{Name: "121 characters", Edit: `/shortDescription = "` + strings.Repeat("a", longestShortDescription+1) + `"`},
			{Name: "two lines", Edit: `/shortDescription = "Create tickets.\nFollow them."`},
		},
		Silent: []Example{
			{Name: "120 characters of several bytes each", Edit: `/shortDescription = "` + strings.Repeat("ش", longestShortDescription) + `"`},
			{Name: "characters that are made of several", Edit: `/shortDescription = "` + strings.Repeat("e\u0301", longestShortDescription) + `"`},
		},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			n := def.Field("shortDescription")
			text, ok := n.Str()
			if !ok {
				return
			}
			if strings.ContainsAny(strings.TrimSpace(text), "\n\r\v\f\u0085\u2028\u2029") {
				p.Node(n, "the short description has several lines").Hint("Write one line.").
					Fix("join the lines", def.Doc.Replace(n, jsondoc.Quote(strings.Join(strings.Fields(text), " ")))).Tell("lines")
			}
			if length := uniseg.GraphemeClusterCount(text); length > longestShortDescription {
				p.Node(n, "the short description has %d characters, and a card has room for %d", length, longestShortDescription).
					Hint("Shorten it to one sentence; the rest belongs into description.")
			}
		},
	}
}

// images calls check for icon and logo, when they have an address that can be
// read. Others have url-well-formed.
func images(def *definition.Definition, check func(key string, n *jsondoc.Node, u weburl.URL)) {
	for _, key := range []string{"icon", "logo"} {
		listed(def, key, check)
	}
}

func listed(def *definition.Definition, key string, check func(key string, n *jsondoc.Node, u weburl.URL)) {
	n := def.Field(key)
	if n.Text() == "" {
		return
	}
	if u, err := weburl.Parse(n.Text()); err == nil && (u.Scheme == "" || u.Scheme == "http" || u.Scheme == "https") {
		check(key, n, u)
	}
}

func imageHTTPS() Spec {
	return Spec{
		ID: "image-https", Group: groupListing, Severity: finding.Error,
		Title:   "Icon and logo have an HTTPS address",
		Purpose: "Checks that icon and logo are whole addresses that start with https://, without placeholders.",
		Source:  "Icons and logos are loaded by every visitor of the marketplace over HTTPS, before anybody has installed the app.",
		Help:    "Put both images on your own host and write their whole addresses.",
		Fires: []Example{
			{Name: "plain HTTP", Edit: `/icon = "http://assets.acme.example/icon.svg"`},
			{Name: "no host", Edit: `/logo = "/images/logo.svg"`},
			{Name: "a placeholder", Edit: `/logo = "{{baseUrl}}/logo.svg"`},
			{Name: "a placeholder in the host", Edit: `/icon = "https://{{shop}}.acme.example/icon.svg"`},
		},
		Silent: []Example{{Name: "another scheme, which has a rule of its own", Edit: `/icon = "ftp://assets.acme.example/icon.svg"`}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			images(def, func(key string, n *jsondoc.Node, u weburl.URL) {
				switch {
				case hasPlaceholder(n):
					p.Node(n, "the address of the %s has a placeholder, which nobody fills in for a listing", key).Hint("Write the whole address.")
				case u.Scheme == "http":
					p.Node(n, "the %s is not loaded over HTTPS", key).Hint("Start the address with \"https://\".").
						Fix("use https", def.Doc.Replace(n, jsondoc.Quote("https"+n.Text()[len("http"):])))
				case u.Scheme == "":
					p.Node(n, "the %s has no whole address", key).Hint("Write an address that starts with \"https://\".")
				}
			})
		},
	}
}

func hasPlaceholder(n *jsondoc.Node) bool { return len(definition.PlaceholdersBelow(n)) > 0 }

func imageFormat() Spec {
	return Spec{
		ID: "image-format", Group: groupListing, Severity: finding.Warning,
		Title:   "Icon and logo are SVG or PNG",
		Purpose: "Checks that the addresses of icon and logo end in .svg or .png.",
		Source:  "The marketplace shows SVG and PNG; SVG is recommended. The address shows it only when it has the ending, so that this is a warning.",
		Help:    "Use an SVG, or a PNG: the icon square and clear at 32 by 32 pixels, the logo wider than high.",
		Fires: []Example{
			{Name: "a photograph", Edit: `/icon = "https://assets.acme.example/icon.jpg"`},
			{Name: "no ending", Edit: `/logo = "https://assets.acme.example/logo"`},
		},
		Silent: []Example{{Name: "a version behind the ending", Edit: `/icon = "https://assets.acme.example/icon.SVG?v=2#a"`}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			images(def, func(key string, n *jsondoc.Node, u weburl.URL) {
				if u.Scheme == "" {
					return // image-https speaks of it
				}
				switch ending := strings.ToLower(path.Ext(u.Path)); ending {
				case ".svg", ".png":
				case "":
					p.Node(n, "the address of the %s does not say that it is an SVG or a PNG", key).Hint("Use an address that ends in \".svg\" or \".png\".")
				default:
					p.Node(n, "the %s ends in %s, and only SVG and PNG are shown", key, shown(ending)).Hint("Use an SVG, or a PNG.")
				}
			})
		},
	}
}

func guideAbsolute() Spec {
	return Spec{
		ID: "guide-absolute", Group: groupListing, Severity: finding.Warning,
		Title:   "The guide has a whole address",
		Purpose: "Checks that docsUrl is a whole address without placeholders, so that people can open it from the marketplace.",
		Source:  "docsUrl links to the publisher's own guide. That it uses HTTPS has a rule of its own.",
		Help:    "Write an address that starts with `https://`.",
		Fires: []Example{
			{Name: "no scheme", Edit: `/docsUrl = "acme.example/guides/karzoun"`},
			{Name: "a placeholder", Edit: `/docsUrl = "https://{{shop}}.acme.example/guide"`},
		},
		Silent: []Example{{Name: "plain HTTP", Edit: `/docsUrl = "http://acme.example/guide"`}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			listed(def, "docsUrl", func(_ string, n *jsondoc.Node, u weburl.URL) {
				switch {
				case hasPlaceholder(n):
					p.Node(n, "the address of the guide has a placeholder, which nobody fills in for a listing").Hint("Write the whole address.")
				case u.Scheme == "":
					p.Node(n, "the guide has no whole address").Hint("Write an address that starts with \"https://\".")
				}
			})
		},
	}
}

func listingOwnHost() Spec {
	return Spec{
		ID: "listing-own-host", Group: groupListing, Severity: finding.Warning,
		Title:   "Images and guide are the publisher's own",
		Purpose: "Checks that icon, logo and docsUrl are not on the marketplace's hosts, which only its built-in apps use.",
		Source:  "Images and guide are on the publisher's own infrastructure. Official examples of built-in apps use the marketplace's hosts, so that this is a warning.",
		Help:    "Put the images and the guide on a host of your own. The configuration of the repository says which hosts are the marketplace's.",
		Fires: []Example{
			{Name: "the host of built-in apps", Edit: `/icon = "https://cdn.karzoun.com/miniapps/acme-desk/icon.svg"`},
			{Name: "the platform's guides", Edit: `/docsUrl = "https://DOCS.karzoun.chat./miniapps"`},
		},
		Silent: []Example{{Name: "a host that only ends alike", Edit: `/icon = "https://notkarzoun.com/icon.svg"`}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			for _, key := range []string{"icon", "logo", "docsUrl"} {
				listed(def, key, func(key string, n *jsondoc.Node, u weburl.URL) {
					for _, own := range p.MarketplaceHosts {
						own = strings.ToLower(own)
						if u.Host == own || strings.HasSuffix(u.Host, "."+own) {
							p.Node(n, "%s is on %s, a host of the marketplace", key, shown(u.Host)).Hint("Use a host of your own.")
							return
						}
					}
				})
			}
		},
	}
}

func youtubeBareID() Spec {
	return Spec{
		ID: "youtube-bare-id", Group: groupListing, Severity: finding.Warning,
		Title:   "The video is named by its id",
		Purpose: "Checks that youtubeId is the id of a video, 11 letters, digits, hyphens and underscores, and not its address.",
		Source:  "youtubeId is the bare id of a YouTube video, from which the marketplace makes the address.",
		Help:    "Write what follows `v=` in the address of the video. Leave the field out when there is none.",
		Fires: []Example{
			{Name: "the address of a video", Edit: `/youtubeId = "https://www.youtube.com/watch?v=dQw4w9WgXcQ&t=4s"`},
			{Name: "a short address", Edit: `/youtubeId = "youtu.be/dQw4w9WgXcQ"`},
			{Name: "something else", Edit: `/youtubeId = "our channel"`},
			{Name: "nothing", Edit: `/youtubeId = ""`},
		},
		Silent: []Example{{Name: "an id", Edit: `/youtubeId = "a-_w4w9WgXc"`}},
		CheckDefinition: func(p *Pass, def *definition.Definition) {
			n := def.Field("youtubeId")
			text, ok := n.Str()
			if !ok || youtubeID(text) {
				return
			}
			if id := idOfVideo(text); id != "" {
				p.Node(n, "youtubeId is an address, where the id of the video belongs").Hint("Write %q.", id).
					Fix("write "+shown(id), def.Doc.Replace(n, jsondoc.Quote(id)))
				return
			}
			p.Node(n, "%s is not the id of a YouTube video", shown(text)).
				Hint("Write the 11 characters after \"v=\" in the address of the video, or leave the field out.")
		},
	}
}

func youtubeID(s string) bool {
	if len(s) != 11 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_') {
			return false
		}
	}
	return true
}

// idOfVideo returns the id in the address of a video, or "".
func idOfVideo(text string) string {
	text = strings.TrimSpace(text)
	if !strings.Contains(text, "://") {
		text = "https://" + text
	}
	u, err := url.Parse(text)
	if err != nil {
		return ""
	}
	host := strings.ToLower(u.Hostname())
	first, rest, _ := strings.Cut(strings.Trim(u.Path, "/"), "/")
	id := ""
	switch {
	case host == "youtu.be":
		id = first
	case host != "youtube.com" && !strings.HasSuffix(host, ".youtube.com") && host != "www.youtube-nocookie.com":
	case first == "watch":
		id = u.Query().Get("v")
	case first == "embed" || first == "shorts" || first == "live" || first == "v":
		id, _, _ = strings.Cut(rest, "/")
	}
	if !youtubeID(id) {
		return ""
	}
	return id
}
