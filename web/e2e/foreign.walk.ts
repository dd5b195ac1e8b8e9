/** A client of tus that others wrote (tus-js-client) against the real service, over a connection that is cut in the middle. */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { Upload, type UploadOptions } from "tus-js-client";
import { recording } from "./recording";
import { expect, type Person, type Server, test } from "./walk";

const MIB = 1024 * 1024;
const FILE_BYTES = 4 * MIB;
const PART_BYTES = MIB;

/** Passes everything on to the service, and cuts one connection when so many bytes have come from the client. */
async function cutting(server: Server, afterBytes: number) {
  const { port } = new URL(server.url);
  let [seen, cut] = [0, false];
  const proxy = createServer((client) => {
    const upstream = connect(Number(port), "127.0.0.1");
    const end = () => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) socket.on("error", end).on("close", end);
    upstream.pipe(client);
    client.on("data", (bytes) => {
      seen += bytes.length;
      if (!cut && seen > afterBytes) {
        cut = true;
        end();
      } else upstream.write(bytes);
    });
  }).listen(0, "127.0.0.1");
  await once(proxy, "listening");
  const address = proxy.address();
  if (address === null || typeof address === "string") throw new Error("the proxy has no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    wasCut: () => cut,
    close: () => proxy.close(),
  };
}

// Nothing has to be judged.
test.use({ apart: true });

/** What was asked, such as `PATCH 1048576`. */
type Asked = string[];

async function options(server: Server, person: Person, at: string, asked: Asked): Promise<UploadOptions> {
  return {
    endpoint: `${at}/api/v1/uploads`,
    chunkSize: PART_BYTES,
    retryDelays: [0, 100, 300, 1_000],
    metadata: { filename: "käse & brot.wav", filetype: "audio/wav" },
    headers: { authorization: `Bearer ${await server.token(person)}` },
    onBeforeRequest: (request) => {
      const meant = request.getHeader("X-HTTP-Method-Override");
      const method = meant ? `${request.getMethod()} for ${meant}` : request.getMethod();
      asked.push(`${method} ${request.getHeader("Upload-Offset") ?? ""}`.trim());
    },
  };
}

/** Sends it to its end, and tells what it has become. */
function sent(file: Buffer, how: UploadOptions): Promise<string | undefined> {
  return new Promise((done, fail) => {
    const onSuccess: UploadOptions["onSuccess"] = ({ lastResponse }) =>
      done(lastResponse.getHeader("Media-Id"));
    new Upload(file, { ...how, onSuccess, onError: fail }).start();
  });
}

async function isThere(server: Server, person: Person, id: string | undefined, file: Buffer) {
  const medium = (await (await server.ask(person, `/media/${id}`)).json()) as Record<string, unknown>;
  expect(medium.filename).toBe("käse & brot.wav");
  expect(medium.sha256).toBe(createHash("sha256").update(file).digest("hex"));
}

test("a connection that is cut costs a foreign client nothing that has arrived", async ({ server }) => {
  const ada = await server.signUp("Ada");
  const file = recording(FILE_BYTES);
  const asked: Asked = [];
  const way = await cutting(server, 2.5 * MIB);
  const id = await sent(file, await options(server, ada, way.url, asked));
  way.close();
  expect(way.wasCut()).toBe(true);
  await isThere(server, ada, id, file);
  expect(asked.filter((one) => one.startsWith("POST"))).toHaveLength(1);
  expect(asked).toContain("HEAD");
  // Two parts were there when it was cut, and neither was sent again.
  const afterCut = asked.slice(asked.indexOf("HEAD")).filter((one) => one.startsWith("PATCH"));
  expect(Math.min(...afterCut.map((one) => Number(one.split(" ")[1])))).toBeGreaterThanOrEqual(2 * MIB);
});

test("another run of a foreign client goes on at the address, where only POST is let through", async ({
  server,
}) => {
  const bob = await server.signUp("Bob");
  const file = recording(FILE_BYTES);
  const asked: Asked = [];
  const how = { ...(await options(server, bob, server.url, asked)), overridePatchMethod: true };
  const first = new Upload(file, how);
  await new Promise<void>((done, fail) => {
    const stop = () => void first.abort().then(done, fail);
    Object.assign(first.options, { onChunkComplete: stop, onError: fail });
    first.start();
  });
  const id = await sent(file, { ...how, uploadUrl: first.url });
  await isThere(server, bob, id, file);
  expect(asked.slice(0, 2)).toEqual(["POST", "POST for PATCH 0"]);
  const again = asked.slice(asked.indexOf("HEAD") + 1);
  expect(again[0]).toBe(`POST for PATCH ${PART_BYTES}`);
  expect(again).toHaveLength(3);
});
