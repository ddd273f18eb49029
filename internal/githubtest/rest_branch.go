package githubtest

import "net/http"

func getBranch(c *call) reply {
	name := c.param("branch")
	id, found := c.repo.refs["heads/"+name]
	if !found {
		return *refuse(http.StatusNotFound, "Branch not found")
	}
	required, protected := c.repo.Protected[name]
	url := c.repo.api() + "/branches/" + escape(name)
	return ok(map[string]any{
		"name": name, "commit": c.s.commitJSON(c.repo, id), "protected": protected, "protection_url": url + "/protection",
		"_links": map[string]any{"self": url, "html": c.repo.page() + "/tree/" + name},
		"protection": map[string]any{
			"enabled": protected, "required_status_checks": map[string]any{
				"enforcement_level": level(protected), "contexts": orEmpty(required), "checks": checksOf(required),
			},
		},
	})
}

func level(protected bool) string {
	if protected {
		return "non_admins"
	}
	return "off"
}

func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

func checksOf(contexts []string) []any {
	list := []any{}
	for _, context := range contexts {
		list = append(list, map[string]any{"context": context, "app_id": nil})
	}
	return list
}

// getProtection is for administrators: the Action's token cannot get there.
func getProtection(c *call) reply {
	name := c.param("branch")
	if _, found := c.repo.refs["heads/"+name]; !found {
		return *refuse(http.StatusNotFound, "Branch not found")
	}
	required, protected := c.repo.Protected[name]
	if !protected {
		return *refuse(http.StatusNotFound, "Branch not protected")
	}
	url := c.repo.api() + "/branches/" + escape(name) + "/protection"
	enabled := func(on bool) any { return map[string]any{"enabled": on} }
	return ok(map[string]any{
		"url": url, "required_status_checks": map[string]any{
			"url": url + "/required_status_checks", "strict": true, "contexts": orEmpty(required), "checks": checksOf(required),
			"contexts_url": url + "/required_status_checks/contexts",
		},
		"required_pull_request_reviews": map[string]any{
			"url": url + "/required_pull_request_reviews", "dismiss_stale_reviews": c.repo.DismissStale,
			"require_code_owner_reviews": false, "required_approving_review_count": c.repo.Approvals, "require_last_push_approval": false,
		},
		"enforce_admins": map[string]any{"url": url + "/enforce_admins", "enabled": false}, "required_linear_history": enabled(false),
		"allow_force_pushes": enabled(false), "allow_deletions": enabled(false), "block_creations": enabled(false),
		"required_conversation_resolution": enabled(false), "lock_branch": enabled(false), "allow_fork_syncing": enabled(false),
	})
}

// getRules lists what rulesets ask of a branch. Everyone may read it, unlike
// the protection; the required statuses are shown here as a ruleset's.
func getRules(c *call) reply {
	rules := []any{}
	if required := c.repo.Protected[c.param("branch")]; len(required) > 0 {
		checks := []any{}
		for _, context := range required {
			checks = append(checks, map[string]any{"context": context})
		}
		rules = append(rules, map[string]any{
			"type": "required_status_checks", "ruleset_source_type": "Repository", "ruleset_source": c.repo.Owner + "/" + c.repo.Name,
			"ruleset_id": 42, "parameters": map[string]any{"strict_required_status_checks_policy": true, "required_status_checks": checks},
		})
	}
	return list(c, rules, func(rule any) any { return rule })
}

func getWorkflowPermissions(c *call) reply {
	return ok(map[string]any{
		"default_workflow_permissions": c.repo.WorkflowPermissions, "can_approve_pull_request_reviews": c.repo.ActionsMayApprove,
	})
}
