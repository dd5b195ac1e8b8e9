import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { accessToken } from "@/lib/api/session";
import { answerRequests, problem } from "@/testing/answers";
import { ada, tokenOf } from "@/testing/people";
import { show } from "@/testing/render";
import { SignInPage } from "./SignInPage";

test("what is missing is said at its field, and nothing is sent", async () => {
  const requests = answerRequests({});
  const { user } = show(<SignInPage />);
  await user.click(screen.getByRole("button", { name: "Sign in" }));
  const email = screen.getByLabelText("E-mail address");
  expect(email).toHaveFocus();
  expect(email).toHaveAccessibleDescription("This is needed.");
  expect(email).toBeInvalid();
  expect(requests).toHaveLength(0);
});

test("a refusal is said in words, and the button works again", async () => {
  answerRequests({ "POST /api/v1/auth/login": () => problem(401, "wrong_credentials") });
  const { user } = show(<SignInPage />);
  await user.type(screen.getByLabelText("E-mail address"), "ada@example.org");
  await user.type(screen.getByLabelText("Password"), "something else{Enter}");
  expect(await screen.findByRole("alert")).toHaveTextContent("The address or the password is wrong.");
  expect(screen.getByRole("button", { name: "Sign in" })).toBeEnabled();
});

test("too many attempts say when to try again", async () => {
  const limited = { ...problem(429, "rate_limited"), headers: { "retry-after": "30" } };
  answerRequests({ "POST /api/v1/auth/login": () => limited });
  const { user } = show(<SignInPage />);
  await user.type(screen.getByLabelText("E-mail address"), "ada@example.org");
  await user.type(screen.getByLabelText("Password"), "something else{Enter}");
  expect(await screen.findByRole("alert")).toHaveTextContent("Try again in 30 seconds.");
});

test("a password can be looked at while it is typed", async () => {
  const { user } = show(<SignInPage />);
  await user.type(screen.getByLabelText("Password"), "secret");
  await user.click(screen.getByRole("button", { name: "Show the password" }));
  expect(screen.getByLabelText("Password")).toHaveAttribute("type", "text");
  await user.click(screen.getByRole("button", { name: "Hide the password" }));
  expect(screen.getByLabelText("Password")).toHaveAttribute("type", "password");
});

test("the token stays in memory", async () => {
  answerRequests({ "POST /api/v1/auth/login": () => ({ status: 200, body: tokenOf(ada) }) });
  const { user } = show(<SignInPage />);
  await user.type(screen.getByLabelText("E-mail address"), "ada@example.org");
  await user.type(screen.getByLabelText("Password"), "correct horse battery{Enter}");
  await expect.poll(accessToken).toBe("token-1");
  expect(JSON.stringify({ ...localStorage, ...sessionStorage }) + document.cookie).not.toContain("token-1");
});
