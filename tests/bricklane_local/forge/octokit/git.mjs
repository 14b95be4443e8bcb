// Branches, tags, commits, trees and files.
import assert from "node:assert/strict";
import { base64, branch, developer, refused, repository } from "./forge.mjs";

const { git, repos } = developer.rest;
const it = await repository("octokit-git");

// Branches and refs
const head = await branch(it, "feature/größe", "src/a.py", "x = 1\n");
const one = await repos.getBranch({ ...it, branch: "feature/größe" });
assert.equal(one.data.commit.sha, head);
assert.equal(one.data.protected, false);
const names = (await repos.listBranches(it)).data.map((row) => row.name);
assert.deepEqual(names, ["feature/größe", "main"]);
const matching = await git.listMatchingRefs({ ...it, ref: "heads/feature/" });
assert.deepEqual(
  matching.data.map((row) => row.ref),
  ["refs/heads/feature/größe"],
);
await refused(404, /Branch not found/, () => repos.getBranch({ ...it, branch: "none" }));
await refused(422, /Reference already exists/, () =>
  git.createRef({ ...it, ref: "refs/heads/main", sha: head }),
);
await refused(422, /Object does not exist/, () =>
  git.createRef({ ...it, ref: "refs/heads/x", sha: "1".repeat(40) }),
);

// Objects: blob → tree → commit → ref
const main = (await git.getRef({ ...it, ref: "heads/main" })).data.object.sha;
const blob = await git.createBlob({ ...it, content: base64("bytes\0\xff"), encoding: "base64" });
const read = await git.getBlob({ ...it, file_sha: blob.data.sha });
assert.equal(Buffer.from(read.data.content, "base64").toString(), "bytes\0\xff");
const tree = await git.createTree({
  ...it,
  base_tree: main,
  tree: [
    { path: "bin/tool", mode: "100755", type: "blob", sha: blob.data.sha },
    { path: "notes.txt", mode: "100644", type: "blob", content: "text\n" },
    { path: "README.md", mode: "100644", type: "blob", sha: null },
  ],
});
const whole = await git.getTree({ ...it, tree_sha: tree.data.sha, recursive: "1" });
assert.deepEqual(
  whole.data.tree.map((row) => `${row.mode} ${row.type} ${row.path}`),
  ["040000 tree bin", "100755 blob bin/tool", "100644 blob notes.txt"],
);
const commit = await git.createCommit({
  ...it,
  message: "made by plumbing",
  tree: tree.data.sha,
  parents: [main],
  author: { name: "Ann", email: "ann@example.com", date: "2026-01-02T03:04:05+02:00" },
});
assert.equal(commit.data.author.date, "2026-01-02T01:04:05Z");
await git.updateRef({ ...it, ref: "heads/main", sha: commit.data.sha });
await refused(422, /Update is not a fast forward/, () =>
  git.updateRef({ ...it, ref: "heads/main", sha: main }),
);

// Annotated tags
const tag = await git.createTag({
  ...it,
  tag: "1.0.0",
  message: "one",
  object: commit.data.sha,
  type: "commit",
});
assert.equal(tag.data.tagger.name, "Local Developer");
await git.createRef({ ...it, ref: "refs/tags/1.0.0", sha: tag.data.sha });
const tagged = await git.getRef({ ...it, ref: "tags/1.0.0" });
assert.deepEqual([tagged.data.object.type, tagged.data.object.sha], ["tag", tag.data.sha]);
const peeled = await git.getTag({ ...it, tag_sha: tag.data.sha });
assert.equal(peeled.data.object.sha, commit.data.sha);
const tags = (await repos.listTags(it)).data.map((row) => [row.name, row.commit.sha]);
assert.deepEqual(tags, [["1.0.0", commit.data.sha]]);

// Commits and comparisons
const commits = await developer.paginate(repos.listCommits, { ...it, per_page: 1 });
assert.deepEqual(
  commits.map((row) => row.commit.message),
  ["made by plumbing", "first"],
);
assert.equal(commits[1].author.login, "developer");
const touched = await repos.listCommits({ ...it, sha: "feature/größe", path: "src/a.py" });
assert.deepEqual(
  touched.data.map((row) => row.sha),
  [head],
);
const detail = await repos.getCommit({ ...it, ref: "1.0.0" });
assert.equal(detail.data.sha, commit.data.sha);
assert.equal(detail.data.files.length, 3);
const compared = await repos.compareCommitsWithBasehead({
  ...it,
  basehead: "main...feature/größe",
});
assert.deepEqual(
  [compared.data.status, compared.data.ahead_by, compared.data.behind_by],
  ["diverged", 1, 1],
);
assert.equal(compared.data.files[0].patch, "@@ -0,0 +1 @@\n+x = 1");
const diff = await repos.getCommit({ ...it, ref: head, mediaType: { format: "diff" } });
assert.match(diff.data, /^diff --git a\/src\/a.py b\/src\/a.py/);

// Files
const file = await repos.getContent({ ...it, path: "src/a.py", ref: "feature/größe" });
assert.equal(Buffer.from(file.data.content, "base64").toString(), "x = 1\n");
const raw = await repos.getContent({
  ...it,
  path: "notes.txt",
  mediaType: { format: "raw" },
});
assert.equal(raw.data, "text\n");
const listing = await repos.getContent({ ...it, path: "" });
assert.deepEqual(
  listing.data.map((row) => `${row.type} ${row.path}`),
  ["dir bin", "file notes.txt"],
);
await refused(409, /does not match/, () =>
  repos.createOrUpdateFileContents({
    ...it,
    path: "notes.txt",
    message: "stale",
    content: base64("x"),
    sha: blob.data.sha,
  }),
);
const sha = listing.data[1].sha;
const removed = await repos.deleteFile({ ...it, path: "notes.txt", message: "gone", sha });
assert.equal(removed.data.commit.message, "gone");
await refused(404, /Not Found/, () => repos.getContent({ ...it, path: "notes.txt" }));

// Merges of branches
const merged = await repos.merge({ ...it, base: "main", head: "feature/größe" });
assert.equal(merged.status, 201);
assert.equal(merged.data.parents.length, 2);
assert.equal((await repos.merge({ ...it, base: "main", head: "feature/größe" })).status, 204);
await git.deleteRef({ ...it, ref: "heads/feature/größe" });
await refused(404, /Not Found/, () => git.getRef({ ...it, ref: "heads/feature/größe" }));
const archive = await repos.downloadTarballArchive({ ...it, ref: "main" });
assert.equal(Buffer.from(archive.data).subarray(0, 2).toString("hex"), "1f8b");
