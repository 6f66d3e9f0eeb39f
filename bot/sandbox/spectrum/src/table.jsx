// The list of orders. Only the rows in and near the part in sight are in the page.

import { useMemo, useState } from "react";
import {
  Cell, Column, Content, Heading, IllustratedMessage, Link, Row, TableBody, TableHeader, TableView, Text,
  VisuallyHidden,
} from "@adobe/react-spectrum";
import { layout, orderLinkNote, orderLinkTarget, t } from "static:dom.js";
import * as words from "static:words.js";
import { Light } from "./parts.jsx";

const WIDTHS = { date: 130, number: layout.has("narrow_number_column") ? 110 : 200, status: 170, buyer: 180, total: 110, notes: "1fr" };

export function OrderTable({ rows, store, common, height }) {
  const [sort, setSort] = useState(null);
  const shown = useMemo(() => {
    const times = {};
    const keyed = rows.map((row) => {
      times[row.number] = (times[row.number] ?? 0) + 1;
      return { ...row, key: times[row.number] > 1 ? `${row.number} ${times[row.number]}` : row.number };
    });
    const column = words.COLUMNS.find(({ field }) => field === sort?.column);
    return column ? words.sorted(keyed, column, sort.direction === "descending") : keyed;
  }, [rows, sort]);
  return (
    <TableView aria-label={t("Amazon orders")} density="spacious" height={height} width="100%" sortDescriptor={sort ?? undefined}
      onSortChange={setSort} UNSAFE_className="asc-table" renderEmptyState={() => (
        <IllustratedMessage><Content>{t(words.NO_ORDERS)}</Content></IllustratedMessage>
      )}>
      <TableHeader columns={words.COLUMNS}>
        {({ field, name }) => (
          <Column key={field} isRowHeader={field === "number"} width={WIDTHS[field]} allowsSorting
            align={field === "total" ? "end" : "start"}>{t(name)}</Column>
        )}
      </TableHeader>
      <TableBody items={shown}>
        {(row) => (
          <Row key={row.key}>
            {(field) => <Cell textValue={String(row[field])}>{content(row, field, store, common)}</Cell>}
          </Row>
        )}
      </TableBody>
    </TableView>
  );
}

function content(row, field, store, common) {
  if (field === "status") return <Light status={row.status} />;
  if (field !== "number" || row.link === "") return <Text>{row[field]}</Text>;
  return (
    <Link isQuiet href={row.link ?? common.paths.order(store.uuid, row.number)} target={orderLinkTarget ?? undefined}>
      {row.number}{orderLinkNote && <VisuallyHidden elementType="span"> {orderLinkNote}</VisuallyHidden>}
    </Link>
  );
}
