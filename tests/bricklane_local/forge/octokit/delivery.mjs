// Releases, deployments, environments, secrets, variables and checks.
import assert from "node:assert/strict";
import sodium from "libsodium-wrappers";
import { developer, refused, repository } from "./forge.mjs";

const { actions, checks, git, repos } = developer.rest;
const it = await repository("octokit-delivery");
const head = (await git.getRef({ ...it, ref: "heads/main" })).data.object.sha;

// A draft release with a wheel; publishing makes the tag
const draft = await repos.createRelease({
  ...it,
  tag_name: "1.0.0",
  target_commitish: "main",
  name: "1.0.0",
  body: "notes",
  draft: true,
});
await refused(404, /Not Found/, () => git.getRef({ ...it, ref: "tags/1.0.0" }));
const wheel = Buffer.from([0, 1, 2, 255]);
const asset = await repos.uploadReleaseAsset({
  ...it,
  release_id: draft.data.id,
  url: draft.data.upload_url,
  name: "flights-1.0.0-py3-none-any.whl",
  data: wheel,
  headers: { "content-type": "application/octet-stream", "content-length": wheel.length },
});
assert.equal(asset.data.size, 4);
const bytes = await repos.getReleaseAsset({
  ...it,
  asset_id: asset.data.id,
  headers: { accept: "application/octet-stream" },
});
assert.deepEqual(Buffer.from(bytes.data), wheel);
await repos.updateRelease({ ...it, release_id: draft.data.id, draft: false });
assert.equal((await git.getRef({ ...it, ref: "tags/1.0.0" })).data.object.sha, head);
assert.equal((await repos.getReleaseByTag({ ...it, tag: "1.0.0" })).data.assets.length, 1);
assert.equal((await repos.getLatestRelease(it)).data.tag_name, "1.0.0");

// Environments with reviewers, deployments with statuses
const me = (await developer.rest.users.getByUsername({ username: "release-manager" })).data;
await repos.addCollaborator({ ...it, username: me.login });
await repos.createOrUpdateEnvironment({
  ...it,
  environment_name: "prod",
  wait_timer: 0,
  reviewers: [{ type: "User", id: me.id }],
});
const prod = await repos.getEnvironment({ ...it, environment_name: "prod" });
assert.equal(prod.data.protection_rules[0].reviewers[0].reviewer.login, "release-manager");
const deployment = await repos.createDeployment({
  ...it,
  ref: "main",
  environment: "prod",
  auto_merge: false,
  required_contexts: [],
  payload: { version: "1.0.0" },
});
await repos.createDeploymentStatus({
  ...it,
  deployment_id: deployment.data.id,
  state: "success",
  log_url: "https://example.com/log",
});
const deployments = await repos.listDeployments({ ...it, environment: "prod" });
assert.deepEqual(deployments.data[0].payload, { version: "1.0.0" });
const statuses = await repos.listDeploymentStatuses({
  ...it,
  deployment_id: deployment.data.id,
});
assert.deepEqual([statuses.data[0].state, statuses.data[0].log_url], [
  "success",
  "https://example.com/log",
]);

// Secrets in sealed boxes, of the repository and of an environment; variables
await sodium.ready;
async function sealed(key, text) {
  const raw = sodium.from_base64(key.key, sodium.base64_variants.ORIGINAL);
  const box = sodium.crypto_box_seal(sodium.from_string(text), raw);
  return {
    key_id: key.key_id,
    encrypted_value: sodium.to_base64(box, sodium.base64_variants.ORIGINAL),
  };
}
const key = (await actions.getRepoPublicKey(it)).data;
await actions.createOrUpdateRepoSecret({
  ...it,
  secret_name: "TOKEN",
  ...(await sealed(key, "hidden")),
});
const secrets = (await actions.listRepoSecrets(it)).data;
assert.deepEqual([secrets.total_count, secrets.secrets[0].name], [1, "TOKEN"]);
assert.equal(JSON.stringify(secrets).includes("hidden"), false);
const place = { ...it, environment_name: "prod" };
const inner = (await actions.getEnvironmentPublicKey(place)).data;
await actions.createOrUpdateEnvironmentSecret({
  ...place,
  secret_name: "DATABRICKS_CLIENT_SECRET",
  ...(await sealed(inner, "hidden")),
});
assert.equal((await actions.listEnvironmentSecrets(place)).data.total_count, 1);
await actions.deleteRepoSecret({ ...it, secret_name: "TOKEN" });
await actions.createRepoVariable({ ...it, name: "REGION", value: "eu" });
await actions.updateRepoVariable({ ...it, name: "REGION", value: "us" });
assert.equal((await actions.getRepoVariable({ ...it, name: "REGION" })).data.value, "us");
await actions.createEnvironmentVariable({ ...place, name: "HOST", value: "h" });
assert.equal((await actions.listEnvironmentVariables(place)).data.variables[0].name, "HOST");

// Checks
const check = await checks.create({ ...it, name: "lint", head_sha: head, status: "in_progress" });
await checks.update({ ...it, check_run_id: check.data.id, conclusion: "success" });
const runs = await checks.listForRef({ ...it, ref: "main" });
assert.deepEqual(
  runs.data.check_runs.map((row) => [row.name, row.conclusion]),
  [["lint", "success"]],
);
