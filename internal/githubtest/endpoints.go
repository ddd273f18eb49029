package githubtest

const inRepo = "/repos/{owner}/{repo}"

// endpoints are all that the server answers, by the paths of GitHub's own
// description of its API.
func (s *Server) endpoints() []route {
	talk := []string{"issues", "pull_requests"}
	routes := []route{
		{"GET", "/user", need{user: true}, getMe},
		{"GET", "/users/{username}", need{}, getUser},
		{"GET", "/user/{account_id}", need{}, getUserByID},
		{"GET", "/rate_limit", need{}, getRateLimit},
		{"GET", "/search/issues", need{}, searchIssues},
		{"GET", "/orgs/{org}/teams/{team_slug}/members", need{user: true}, listTeam},
		{"GET", "/orgs/{org}/teams/{team_slug}/memberships/{username}", need{user: true}, getTeamMember},
		{"POST", "/graphql", need{}, graphQL},
	}
	for _, each := range []route{
		{"GET", "", reads("metadata"), getRepo},
		{"GET", "/collaborators/{username}/permission", reads("metadata"), getPermission},
		{"GET", "/collaborators/{username}", reads("metadata").by(Write), getCollaborator},
		{"GET", "/contents/{path}", reads("contents"), getContents},
		{"GET", "/branches/{branch}", reads("contents"), getBranch},
		{"GET", "/branches/{branch}/protection", reads("administration").by(Admin), getProtection},
		{"GET", "/rules/branches/{branch}", reads("metadata"), getRules},
		{"GET", "/actions/permissions/workflow", reads("administration").by(Admin), getWorkflowPermissions},

		{"GET", "/git/trees/{tree_sha}", reads("contents"), getTree},
		{"POST", "/git/trees", writes("contents"), createTree},
		{"GET", "/git/blobs/{file_sha}", reads("contents"), getBlob},
		{"POST", "/git/blobs", writes("contents"), createBlob},
		{"GET", "/git/commits/{commit_sha}", reads("contents"), getGitCommit},
		{"POST", "/git/commits", writes("contents"), createCommit},
		{"GET", "/git/ref/{ref}", reads("contents"), getRef},
		{"GET", "/git/matching-refs/{ref}", reads("contents"), listRefs},
		{"POST", "/git/refs", writes("contents"), createRef},
		{"PATCH", "/git/refs/{ref}", writes("contents"), updateRef},
		{"DELETE", "/git/refs/{ref}", writes("contents"), deleteRef},
		{"POST", "/git/tags", writes("contents"), createTag},
		{"GET", "/compare/{basehead}", reads("contents"), compare},
		{"GET", "/commits/{ref}", reads("contents"), getCommit},
		{"GET", "/commits", reads("contents"), listCommits},
		{"GET", "/commits/{commit_sha}/pulls", reads("pull_requests"), listPullsOfCommit},

		{"POST", "/statuses/{sha}", writes("statuses"), createStatus},
		{"GET", "/commits/{ref}/status", reads("statuses"), getCombinedStatus},
		{"GET", "/commits/{ref}/statuses", reads("statuses"), listStatuses},

		{"GET", "/pulls", reads("pull_requests"), listPulls},
		{"POST", "/pulls", writes("pull_requests").by(Read), createPull},
		{"GET", "/pulls/{pull_number}", reads("pull_requests"), getPull},
		{"PATCH", "/pulls/{pull_number}", writes("pull_requests").by(Read), updatePull},
		{"GET", "/pulls/{pull_number}/files", reads("pull_requests"), listFiles},
		{"GET", "/pulls/{pull_number}/commits", reads("pull_requests"), listPullCommits},
		{"PUT", "/pulls/{pull_number}/merge", writes("contents"), mergePull},
		{"GET", "/pulls/{pull_number}/merge", reads("contents"), isMerged},

		{"GET", "/pulls/{pull_number}/reviews", reads("pull_requests"), listReviews},
		{"POST", "/pulls/{pull_number}/reviews", writes("pull_requests").by(Read), createReview},
		{"GET", "/pulls/{pull_number}/reviews/{review_id}", reads("pull_requests"), getReview},
		{"PUT", "/pulls/{pull_number}/reviews/{review_id}", writes("pull_requests").by(Read), updateReview},
		{"DELETE", "/pulls/{pull_number}/reviews/{review_id}", writes("pull_requests").by(Read), deleteReview},
		{"GET", "/pulls/{pull_number}/reviews/{review_id}/comments", reads("pull_requests"), listRemarksOfReview},
		{"POST", "/pulls/{pull_number}/reviews/{review_id}/events", writes("pull_requests").by(Read), submitReview},
		{"PUT", "/pulls/{pull_number}/reviews/{review_id}/dismissals", writes("pull_requests"), dismissReview},

		{"GET", "/pulls/{pull_number}/comments", reads("pull_requests"), listRemarks},
		{"POST", "/pulls/{pull_number}/comments", writes("pull_requests").by(Read), createRemark},
		{"POST", "/pulls/{pull_number}/comments/{comment_id}/replies", writes("pull_requests").by(Read), createReply},
		{"GET", "/pulls/comments/{comment_id}", reads("pull_requests"), getRemark},
		{"PATCH", "/pulls/comments/{comment_id}", writes("pull_requests").by(Read), updateRemark},
		{"DELETE", "/pulls/comments/{comment_id}", writes("pull_requests").by(Read), deleteRemark},
		{"GET", "/pulls/comments/{comment_id}/reactions", reads("pull_requests"), listRemarkReactions},
		{"POST", "/pulls/comments/{comment_id}/reactions", writes("pull_requests").by(Read), createRemarkReaction},

		{"GET", "/issues/{issue_number}", reads(talk...), getIssue},
		{"GET", "/issues/{issue_number}/comments", reads(talk...), listComments},
		{"POST", "/issues/{issue_number}/comments", writes(talk...).by(Read), createComment},
		{"GET", "/issues/comments/{comment_id}", reads(talk...), getComment},
		{"PATCH", "/issues/comments/{comment_id}", writes(talk...).by(Read), updateComment},
		{"DELETE", "/issues/comments/{comment_id}", writes(talk...).by(Read), deleteComment},
		{"GET", "/issues/comments/{comment_id}/reactions", reads(talk...), listCommentReactions},
		{"POST", "/issues/comments/{comment_id}/reactions", writes(talk...).by(Read), createCommentReaction},
		{"GET", "/issues/{issue_number}/labels", reads(talk...), listPullLabels},
		{"POST", "/issues/{issue_number}/labels", writes(talk...).by(Triage), addLabels},
		{"PUT", "/issues/{issue_number}/labels", writes(talk...).by(Triage), setLabels},
		{"DELETE", "/issues/{issue_number}/labels/{name}", writes(talk...).by(Triage), removeLabel},
		{"GET", "/labels", reads(talk...), listLabels},
		{"POST", "/labels", writes(talk...), createLabel},
		{"GET", "/labels/{name}", reads(talk...), getLabel},
		{"PATCH", "/labels/{name}", writes(talk...), updateLabel},

		{"GET", "/releases", reads("contents"), listReleases},
		{"POST", "/releases", writes("contents"), createRelease},
		{"GET", "/releases/tags/{tag}", reads("contents"), getReleaseByTag},
	} {
		each.pattern = inRepo + each.pattern
		routes = append(routes, each)
	}
	return routes
}
