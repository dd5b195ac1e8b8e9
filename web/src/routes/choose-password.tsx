export { ChoosePasswordPage as Component } from "@/features/account/ChoosePasswordPage";
