import { screen } from "@testing-library/react";
import { Route, Routes } from "react-router";
import { beforeEach, expect, test } from "vitest";
import { signedIn, signOut } from "@/lib/api/session";
import { answerRequests } from "@/testing/answers";
import { ada, tokenOf } from "@/testing/people";
import { show } from "@/testing/render";
import { ForAdmins, ForSignedIn, ForSignedOut } from "./guards";

beforeEach(async () => {
  answerRequests({});
  await signOut();
});

const pages = (
  <Routes>
    <Route element={<ForSignedOut />}>
      <Route path="/sign-in" element="the sign-in" />
    </Route>
    <Route element={<ForSignedIn />}>
      <Route index element="the library" />
      <Route path="/media/1" element="the result" />
      <Route path="/choose-password" element="the choice" />
      <Route element={<ForAdmins />}>
        <Route path="/monitoring" element="the monitoring" />
      </Route>
    </Route>
  </Routes>
);

test("who is not signed in signs in first", () => {
  show(pages, "/media/1");
  expect(screen.getByText("the sign-in")).toBeVisible();
});

test("after signing in one is where one wanted to be, and never on another site", () => {
  signedIn(tokenOf(ada));
  show(pages, "/sign-in?next=%2Fmedia%2F1");
  expect(screen.getByText("the result")).toBeVisible();
});

test.each(["//evil.example/x", "https://evil.example", "/\\evil.example"])(
  "%s leads to the library",
  (next) => {
    signedIn(tokenOf(ada));
    show(pages, `/sign-in?next=${encodeURIComponent(next)}`);
    expect(screen.getByText("the library")).toBeVisible();
  },
);

test("a password that must be changed comes before everything else", () => {
  signedIn(tokenOf({ ...ada, mustChangePassword: true }));
  show(pages, "/media/1");
  expect(screen.getByText("the choice")).toBeVisible();
});

test("monitoring is for administrators", () => {
  signedIn(tokenOf(ada));
  show(pages, "/monitoring");
  expect(screen.getByRole("heading", { name: "There is nothing here" })).toBeVisible();
});
