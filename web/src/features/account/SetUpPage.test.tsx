import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { currentSession } from "@/lib/api/session";
import { answerRequests, problem } from "@/testing/answers";
import { ada, tokenOf } from "@/testing/people";
import { show } from "@/testing/render";
import { SetUpPage } from "./SetUpPage";

const about = () => ({ status: 200, body: { setUpNeeded: true } });

async function fill() {
  const { user } = show(<SetUpPage />, "/setup#the-secret");
  await user.type(screen.getByLabelText("First name"), "Ada");
  await user.type(screen.getByLabelText("Last name"), "Example");
  await user.type(screen.getByLabelText("E-mail address"), "ada@example.org");
  await user.type(screen.getByLabelText("Password"), "correct horse battery{Enter}");
}

test("a secret of another server is refused, and nobody is signed in", async () => {
  answerRequests({
    "GET /api/v1/about": about,
    "POST /api/v1/setup": () => problem(403, "wrong_secret"),
  });
  await fill();
  expect(await screen.findByRole("alert")).toHaveTextContent("This is not the secret");
  expect(currentSession().state).not.toBe("in");
});

test("the first administrator is made with the secret of the address, and signed in", async () => {
  const requests = answerRequests({
    "GET /api/v1/about": about,
    "POST /api/v1/setup": () => ({ status: 201, body: tokenOf({ ...ada, role: "ADMIN" }) }),
  });
  await fill();
  await expect.poll(() => currentSession().state).toBe("in");
  const sent = requests.find(({ method }) => method === "POST");
  expect(await sent?.json()).toEqual({
    ...{ secret: "the-secret", firstName: "Ada", lastName: "Example" },
    ...{ email: "ada@example.org", password: "correct horse battery" },
  });
});
