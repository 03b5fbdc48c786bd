// One contender in a process of its own; benchmarks/worker.py says what goes in and out.
import { createInterface } from "node:readline";
import { handler } from "./authorizer.mjs";

const { METHOD_ARN } = process.env;
const answers = { time, judge };

for await (const line of createInterface({ input: process.stdin })) {
  const [wanted, ...tokens] = line.split(" ");
  const events = tokens.map((token) => ({
    type: "TOKEN",
    authorizationToken: `Bearer ${token}`,
    methodArn: METHOD_ARN,
  }));
  console.log(JSON.stringify(await answers[wanted](events)));
}

async function time(events) {
  const policies = [];
  const cpu = process.cpuUsage();
  const start = process.hrtime.bigint();
  for (const event of events) policies.push(await handler(event));
  const wall = Number(process.hrtime.bigint() - start);
  const { user, system } = process.cpuUsage(cpu);
  if (!policies.every((policy) => policy.policyDocument.Statement[0].Effect === "Allow")) {
    throw new Error("a good token was not allowed");
  }
  return [wall, (user + system) * 1000];
}

async function judge(events) {
  const policies = [];
  for (const event of events) {
    try {
      policies.push(await handler(event));
    } catch (error) {
      if (error.message !== "Unauthorized") throw error;
      policies.push(null);
    }
  }
  return policies;
}
