// Neon's own SDK: what each call told, as one line of JSON. Argument: the API's base URL.
import { createNeonClient, raw } from "@neon/sdk";

// The SDK does not say who it is, and the request log is read by client.
const named = (input, init) => {
  const request = new Request(input, init);
  request.headers.set("user-agent", "@neon/sdk/6.1.2");
  return fetch(request);
};
const neon = createNeonClient({
  apiKey: "neon-key-for-tests", baseUrl: process.argv[2], throwOnError: true, fetch: named, wait: { pollIntervalMs: 20 },
});
const waited = { waitForReadiness: true };
const projectId = "quiet-river-12345678";

const projects = await neon.projects.list().all();
const project = await neon.projects.get({ projectId });
const main = await neon.branches.getDefault({ projectId });
const made = await neon.branches.createAndConnect({ projectId, name: "preview-pr-42", parentId: main.id, pooled: true });
const branchId = made.branch.id;
const listed = await neon.branches.list({ projectId }).all();
await neon.branches.update({ projectId, branchId, name: "preview-pr-43" }, waited);
const branch = await neon.branches.get({ projectId, branchId });
const roles = await neon.postgres.roles.list({ projectId, branchId });
await neon.postgres.databases.create({ projectId, branchId, name: "shop", owner_name: roles[0].name }, waited);
const databases = await neon.postgres.databases.list({ projectId, branchId });
await neon.postgres.databases.update({ projectId, branchId, databaseName: "shop", name: "store" }, waited);
const store = await neon.postgres.databases.get({ projectId, branchId, databaseName: "store" });
await neon.postgres.databases.delete({ projectId, branchId, databaseName: "store" }, waited);
await neon.postgres.roles.create({ projectId, branchId, name: "app" }, waited);
const app = { projectId, branchId, roleName: "app" };
const old = await neon.postgres.roles.password(app);
const reset = await neon.postgres.roles.resetPassword(app, waited);
const role = await neon.postgres.roles.get(app);
await neon.postgres.roles.delete(app, waited);
const endpoints = await neon.postgres.endpoints.list({ projectId });
const [endpoint] = await neon.postgres.endpoints.listByBranch({ projectId, branchId });
const compute = { projectId, endpointId: endpoint.id };
await neon.postgres.endpoints.update({ ...compute, suspend_timeout_seconds: 300 }, waited);
for (const turn of ["suspend", "start", "restart"]) await neon.postgres.endpoints[turn](compute, waited);
const timeout = (await neon.postgres.endpoints.get(compute)).suspend_timeout_seconds;
await neon.postgres.endpoints.delete(compute, waited);
const { id: endpointId } = await neon.postgres.endpoints.create({ projectId, branch_id: branchId, type: "read_write" }, waited);
const { diff } = await neon.branches.compareSchema({ projectId, branchId, databaseName: "neondb", baseBranchId: main.id });
await neon.branches.setDefault({ projectId, branchId }, waited);
await neon.branches.setDefault({ projectId, branchId: main.id }, waited);

// The generated layer, for what the other does not offer.
const call = async (operation, path, more = {}) => (await operation({ client: neon.client, path, ...more })).data;
const path = { project_id: projectId, branch_id: branchId };
const count = (await call(raw.countProjectBranches, path)).count;
const operations = (await call(raw.listProjectOperations, path, { query: { limit: 2 } })).operations;
const operation = (await call(raw.getProjectOperation, { ...path, operation_id: operations[0].id })).operation.id === operations[0].id;
const schema = (await call(raw.getProjectBranchSchema, path, { query: { db_name: "neondb" } })).sql;
const shared = (await call(raw.listSharedProjects, {})).projects.length;
const me = (await call(raw.getCurrentUserInfo, {})).login;
const organizations = (await call(raw.getCurrentUserOrganizations, {})).organizations.length;
const how = (await call(raw.getAuthDetails, {})).auth_method;
const restored = await call(raw.restoreProjectBranch, path, { body: { source_branch_id: main.id } });
await neon.operations.waitFor({ operations: restored.operations });
await neon.branches.resetFromParent({ projectId, branchId }, waited);
const uri = await neon.postgres.connectionString({ projectId, branchId, databaseName: "neondb", roleName: roles[0].name });
await neon.branches.delete({ projectId, branchId }, waited);
const gone = await neon.branches.get({ projectId, branchId }, { throwOnError: false });
const beyond = {
  snapshots: (await raw.listSnapshots({ client: neon.client, path: { project_id: projectId } })).response.status,
  regions: (await raw.getActiveRegions({ client: neon.client })).response.status,
};

console.log(JSON.stringify({
  projects: projects.map((it) => it.id), project: project.id, main: main.name,
  pooled: new URL(made.connectionString).hostname.includes("-pooler"), listed: listed.map((it) => it.name).sort(),
  renamed: branch.name, roles: roles.map((it) => it.name), databases: databases.map((it) => it.name).sort(),
  endpoints: endpoints.length, direct: !new URL(uri).hostname.includes("-pooler"), gone: [gone.error.kind, gone.error.status],
  store: store.name, passwords: [old !== reset.password, role.name], timeout, replaced: endpointId !== endpoint.id,
  diff: typeof diff, count, operation, schema: typeof schema, shared, me: typeof me, organizations, how: typeof how, beyond,
}));
