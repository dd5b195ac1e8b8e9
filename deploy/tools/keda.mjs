// Compares a ScaledObject, JSON on standard input, with the schema that KEDA's own definition gives. The argument is the
// folder of node_modules.
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";

const module = join(resolve(process.argv[2]), "@kubernetes-models/keda/keda.sh/v1alpha1/ScaledObject.js");
const { ScaledObject } = await import(module);
new ScaledObject(JSON.parse(readFileSync(0, "utf8"))).validate();
