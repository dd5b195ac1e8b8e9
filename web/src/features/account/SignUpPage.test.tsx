import { screen } from "@testing-library/react";
import type { UserEvent } from "@testing-library/user-event";
import { expect, test } from "vitest";
import { answerRequests, problem } from "@/testing/answers";
import { show } from "@/testing/render";
import { SignUpPage } from "./SignUpPage";

async function fill(user: UserEvent, password = "correct horse battery") {
  await user.type(screen.getByLabelText("First name"), "Ada");
  await user.type(screen.getByLabelText("Last name"), "Example");
  await user.type(screen.getByLabelText("E-mail address"), "ada@example.org");
  await user.type(screen.getByLabelText("Password"), `${password}{Enter}`);
}

test("a short password is refused before anything is sent", async () => {
  const requests = answerRequests({});
  const { user } = show(<SignUpPage />);
  await fill(user, "short");
  expect(screen.getByLabelText("Password")).toHaveAccessibleDescription(
    /A password has 12 to 128 characters/,
  );
  expect(requests).toHaveLength(0);
});

test("what the server finds wrong with a field is said there", async () => {
  const errors = [{ field: "email", code: "invalid", message: "no mail goes there" }];
  answerRequests({ "POST /api/v1/auth/signup": () => problem(422, "validation_failed", { errors }) });
  const { user } = show(<SignUpPage />);
  await fill(user);
  expect(await screen.findByText("no mail goes there")).toBeVisible();
  expect(screen.getByLabelText("E-mail address")).toBeInvalid();
  expect(screen.queryByRole("alert")).toBeNull();
});

test("a closed sign-up says whom to ask", async () => {
  answerRequests({ "POST /api/v1/auth/signup": () => problem(403, "sign_up_closed") });
  const { user } = show(<SignUpPage />);
  await fill(user);
  expect(await screen.findByRole("alert")).toHaveTextContent("Ask an administrator for an account.");
});
