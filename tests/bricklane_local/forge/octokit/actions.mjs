// Workflows: dispatched, approved, and looked at.
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { base64, developer, refused, repository, reviewer } from "./forge.mjs";

const { actions, repos } = developer.rest;
const it = await repository("octokit-actions");
const me = (await developer.rest.users.getByUsername({ username: "release-manager" })).data;
await repos.addCollaborator({ ...it, username: me.login, permission: "push" });
await repos.createOrUpdateEnvironment({
  ...it,
  environment_name: "prod",
  reviewers: [{ type: "User", id: me.id }],
});
await repos.createOrUpdateFileContents({
  ...it,
  path: ".github/workflows/deploy.yml",
  message: "a workflow",
  content: base64(`name: Deploy
on:
  workflow_dispatch:
    inputs:
      word: {required: true}
permissions: {}
jobs:
  deploy:
    runs-on: ubuntu-latest
    environment: prod
    steps:
      - run: echo "said $WORD"
        env:
          WORD: \${{ inputs.word }}
`),
});

/** Look until there is something to see: a workflow is known soon after its push, not at once. */
async function seen(what, look) {
  for (let tries = 0; tries < 300; tries += 1) {
    const found = await look();
    if (found) return found;
    await sleep(100);
  }
  throw new Error(`no ${what} within 30 seconds`);
}

const workflow = await seen("workflow", async () => {
  const { data } = await actions.listRepoWorkflows(it);
  return data.workflows[0];
});
assert.equal(workflow.name, "Deploy");
const workflow_id = "deploy.yml";
await refused(422, /word/, () => actions.createWorkflowDispatch({ ...it, workflow_id, ref: "main" }));
await actions.createWorkflowDispatch({ ...it, workflow_id, ref: "main", inputs: { word: "hello" } });

const run = (status) =>
  seen(`run that is ${status}`, async () => {
    const { data } = await actions.listWorkflowRuns({ ...it, workflow_id });
    return data.workflow_runs.find((row) => row.status === status);
  });

const waiting = await run("waiting");
const about = { ...it, run_id: waiting.id };
const pending = (await actions.getPendingDeploymentsForRun(about)).data;
assert.equal(pending[0].environment.name, "prod");
assert.equal(pending[0].current_user_can_approve, false);
const approval = {
  ...about,
  environment_ids: [pending[0].environment.id],
  state: "approved",
  comment: "go",
};
await refused(403, /./, () => actions.reviewPendingDeploymentsForRun(approval));
await reviewer.rest.actions.reviewPendingDeploymentsForRun(approval);
const done = await run("completed");
assert.equal(done.conclusion, "success");
const jobs = (await actions.listJobsForWorkflowRun(about)).data.jobs;
assert.deepEqual(
  jobs.map((row) => [row.name, row.conclusion]),
  [["deploy", "success"]],
);
const log = await actions.downloadJobLogsForWorkflowRun({ ...it, job_id: jobs[0].id });
assert.match(String(log.data), /said hello/);
const deployments = (await repos.listDeployments({ ...it, environment: "prod" })).data;
assert.equal(deployments.length, 1);
