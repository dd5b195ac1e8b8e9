export { SignUpPage as Component } from "@/features/account/SignUpPage";
