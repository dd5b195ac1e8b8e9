export { SetUpPage as Component } from "@/features/account/SetUpPage";
