// Pull requests from opening to merging, with comments, labels, reviews and rules.
import assert from "node:assert/strict";
import { branch, developer, refused, repository, reviewer } from "./forge.mjs";

const { issues, pulls, repos } = developer.rest;
const it = await repository("octokit-pulls");
await repos.addCollaborator({ ...it, username: "release-manager", permission: "push" });

async function opened(name, path, text, base = "main") {
  await branch(it, name, path, text);
  const { data } = await pulls.create({ ...it, head: name, base, title: `Add ${path}`, body: "why" });
  return data.number;
}

// Create, find, comment with one sticky comment, label, close
const first = await opened("feature/a", "a.txt", "a\n");
const found = await pulls.list({ ...it, head: `${it.owner}:feature/a`, base: "main", state: "open" });
assert.deepEqual(
  found.data.map((row) => row.number),
  [first],
);
const about = { ...it, issue_number: first };
const comment = await issues.createComment({ ...about, body: "<!-- sticky --> one" });
await issues.updateComment({ ...it, comment_id: comment.data.id, body: "<!-- sticky --> two" });
const comments = await developer.paginate(issues.listComments, about);
assert.deepEqual(
  comments.map((row) => row.body),
  ["<!-- sticky --> two"],
);
await issues.addLabels({ ...about, labels: ["release"] });
const one = (await pulls.get({ ...it, pull_number: first })).data;
assert.equal(one.mergeable, true);
assert.deepEqual(
  one.labels.map((row) => row.name),
  ["release"],
);
assert.deepEqual(
  (await pulls.listFiles({ ...it, pull_number: first })).data.map((row) => row.filename),
  ["a.txt"],
);
assert.equal((await pulls.listCommits({ ...it, pull_number: first })).data.length, 1);
await refused(422, /already exists/, () =>
  pulls.create({ ...it, head: "feature/a", base: "main", title: "again" }),
);
await pulls.update({ ...it, pull_number: first, state: "closed" });
assert.equal((await pulls.get({ ...it, pull_number: first })).data.merged, false);
await pulls.update({ ...it, pull_number: first, state: "open" });

// Three ways to merge
await refused(409, /Head branch was modified/, () =>
  pulls.merge({ ...it, pull_number: first, sha: "1".repeat(40) }),
);
const merge = await pulls.merge({ ...it, pull_number: first, merge_method: "merge" });
assert.equal(merge.data.merged, true);
const squashed = await opened("feature/b", "b.txt", "b\n");
const squash = await pulls.merge({
  ...it,
  pull_number: squashed,
  merge_method: "squash",
  commit_title: "all of b",
});
const rebased = await opened("feature/c", "c.txt", "c\n");
const rebase = await pulls.merge({ ...it, pull_number: rebased, merge_method: "rebase" });
const parents = async (sha) =>
  (await repos.getCommit({ ...it, ref: sha })).data.parents.map((row) => row.sha);
assert.equal((await parents(merge.data.sha)).length, 2);
assert.deepEqual(await parents(squash.data.sha), [merge.data.sha]);
assert.deepEqual(await parents(rebase.data.sha), [squash.data.sha]);
const linked = await repos.listPullRequestsAssociatedWithCommit({
  ...it,
  commit_sha: merge.data.sha,
});
assert.deepEqual(
  linked.data.map((row) => row.number),
  [first],
);

// A conflict
const left = await opened("left", "same.txt", "left\n");
const right = await opened("right", "same.txt", "right\n");
await pulls.merge({ ...it, pull_number: left });
assert.equal((await pulls.get({ ...it, pull_number: right })).data.mergeable, false);
await refused(405, /not mergeable/, () => pulls.merge({ ...it, pull_number: right }));

// Rules: a review and a green check are needed, and nobody pushes to main
await repos.createRepoRuleset({
  ...it,
  name: "main",
  target: "branch",
  enforcement: "active",
  conditions: { ref_name: { include: ["refs/heads/main"], exclude: [] } },
  rules: [
    { type: "deletion" },
    { type: "non_fast_forward" },
    {
      type: "pull_request",
      parameters: {
        required_approving_review_count: 1,
        dismiss_stale_reviews_on_push: false,
        require_code_owner_review: false,
        require_last_push_approval: false,
        required_review_thread_resolution: false,
      },
    },
    {
      type: "required_status_checks",
      parameters: {
        strict_required_status_checks_policy: false,
        required_status_checks: [{ context: "test" }],
      },
    },
  ],
});
assert.equal((await repos.getBranch({ ...it, branch: "main" })).data.protected, true);
await refused(409, /rule violations/i, () =>
  repos.createOrUpdateFileContents({
    ...it,
    path: "direct.txt",
    message: "past the rules",
    content: "eA==",
  }),
);
const head = await branch(it, "feature/d", "d.txt", "d\n");
const guarded = (
  await pulls.create({ ...it, head: "feature/d", base: "main", title: "Guarded" })
).data.number;
await refused(405, /./, () => pulls.merge({ ...it, pull_number: guarded }));
await pulls.requestReviewers({ ...it, pull_number: guarded, reviewers: ["release-manager"] });
await reviewer.rest.pulls.createReview({ ...it, pull_number: guarded, event: "APPROVE" });
await refused(405, /./, () => pulls.merge({ ...it, pull_number: guarded }));
await repos.createCommitStatus({ ...it, sha: head, state: "success", context: "test" });
const combined = await repos.getCombinedStatusForRef({ ...it, ref: head });
assert.equal(combined.data.state, "success");
assert.equal((await pulls.merge({ ...it, pull_number: guarded })).data.merged, true);
