// All Orders: the filters, those in use, the list and its pages.

import { useEffect, useState } from "react";
import {
  ActionButton, Button, Checkbox, CheckboxGroup, Heading, Item, Link, NumberField, TagGroup, Text, TextField,
} from "@adobe/react-spectrum";
import Back from "@spectrum-icons/workflow/ArrowLeft";
import Calendar from "@spectrum-icons/workflow/Calendar";
import ChevronLeft from "@spectrum-icons/workflow/ChevronLeft";
import ChevronRight from "@spectrum-icons/workflow/ChevronRight";
import Erase from "@spectrum-icons/workflow/Erase";
import Funnel from "@spectrum-icons/workflow/Filter";
import { spaced, t } from "static:dom.js";
import { chips, noFilters, sameFilters, STATUSES } from "static:filters.js";
import { StoreHeader } from "./parts.jsx";
import { OrderTable } from "./table.jsx";

export function Orders({ listing, filters, actions }) {
  return (
    <>
      <StoreHeader store={listing.store}>
        <ActionButton isQuiet onPress={actions.back}><Back /><Text>{t("Back")}</Text></ActionButton>
      </StoreHeader>
      <div className="asc-all">
        <div>
          <Heading level={3}>{t("Amazon orders:")}</Heading>
          <Filters filters={filters} apply={actions.apply} />
        </div>
        <div>
          <Chips filters={filters} apply={actions.apply} />
          <OrderTable rows={listing.items} store={listing.store} common={actions} height={560} />
          <Pager listing={listing} turnTo={actions.turnTo} />
        </div>
      </div>
    </>
  );
}

function Filters({ filters, apply }) {
  const [draft, setDraft] = useState(filters);
  useEffect(() => setDraft(filters), [filters]);
  const trimmed = Object.fromEntries(Object.entries(draft).map(([name, value]) =>
    [name, typeof value === "string" ? value.trim() : STATUSES.filter((status) => value.includes(status))]));
  const changed = !sameFilters(trimmed, filters);
  const field = (name, label, hint, width, icon) => (
    <div className="asc-field">
      <TextField label={t(label)} placeholder={t(hint)} isQuiet width={width} value={draft[name]} autoComplete="off"
        onChange={(value) => setDraft((before) => ({ ...before, [name]: value }))} />
      {icon}
    </div>
  );
  return (
    <div className="asc-filters" onKeyDown={(event) => event.key === "Enter" && changed && event.target.tagName === "INPUT" && apply(trimmed)}>
      <div className="asc-filters-head">
        <Funnel size="S" /> <Heading level={4}>{t("Filter by")}</Heading>
        <ActionButton isQuiet aria-label={t("Empty the fields")} onPress={() => setDraft(noFilters())}><Erase /></ActionButton>
        <Button variant="accent" isDisabled={!changed} onPress={() => apply(trimmed)}>{t("Apply filters")}</Button>
      </div>
      <Group label="Purchase Date">
        {field("dateMin", "Min", "yyyy-mm-dd", 84, <Calendar size="S" />)}
        {field("dateMax", "Max", "yyyy-mm-dd", 84, <Calendar size="S" />)}
      </Group>
      {field("orderNumber", "Order Number", "Order number", 200)}
      {field("buyer", "Buyer's Name", "Buyer name", 200)}
      <Group label="Total">
        {field("totalMin", "Min", "Enter a number", 100)}
        {field("totalMax", "Max", "Enter a number", 100)}
      </Group>
      <CheckboxGroup label={t("Status")} orientation="horizontal" isEmphasized value={draft.statuses} UNSAFE_className="asc-statuses"
        onChange={(statuses) => setDraft((before) => ({ ...before, statuses }))}>
        {STATUSES.map((status) => <Checkbox key={status} value={status}>{t(spaced(status))}</Checkbox>)}
      </CheckboxGroup>
    </div>
  );
}

const Group = ({ label, children }) => (
  <div role="group" aria-label={t(label)}>
    <div className="asc-group-label"><Text>{t(label)}</Text></div>
    <div className="asc-pair">{children}</div>
  </div>
);

function Chips({ filters, apply }) {
  const found = chips(filters);
  if (!found.length) return null;
  return (
    <div className="asc-chips">
      <Text>{t("Filters:")}</Text>
      <TagGroup aria-label={t("Filters:")} items={found} onRemove={(keys) => {
        const removed = found.find(({ words }) => keys.has(words));
        if (removed) apply(removed.without);
      }}>
        {({ words }) => <Item key={words}>{t(words)}</Item>}
      </TagGroup>
      <Link isQuiet onPress={() => apply(noFilters())}>{t("Clear all filters")}</Link>
    </div>
  );
}

function Pager({ listing: { page, pages }, turnTo }) {
  return (
    <div className="asc-pager">
      <ActionButton isQuiet aria-label={t("Previous")} isDisabled={page <= 1} onPress={() => turnTo(page - 1)}><ChevronLeft /></ActionButton>
      <NumberField aria-label={t("Page")} hideStepper width={60} minValue={1} maxValue={pages} value={page}
        onChange={(asked) => asked !== page && asked >= 1 && asked <= pages && turnTo(asked)} />
      <Text>{t(`of ${pages} pages`)}</Text>
      <ActionButton isQuiet aria-label={t("Next")} isDisabled={page >= pages} onPress={() => turnTo(page + 1)}><ChevronRight /></ActionButton>
    </div>
  );
}
