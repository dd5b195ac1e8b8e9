import { Compass } from "lucide-react";
import { Link } from "react-router";
import { useWords } from "@/lib/words/words";
import { Button } from "@/ui/Button";
import { PageHeader } from "@/ui/PageHeader";
import { EmptyState } from "@/ui/states";

export function NotFound() {
  const { notFound } = useWords().common;
  return (
    <>
      <PageHeader title={notFound.title} />
      <EmptyState icon={Compass} title={notFound.title} detail={notFound.detail}>
        <Button look="primary" asChild>
          <Link to="/">{notFound.home}</Link>
        </Button>
      </EmptyState>
    </>
  );
}
