export { SignInPage as Component } from "@/features/account/SignInPage";
