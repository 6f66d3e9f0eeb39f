// An order's own page.

import { useEffect, useState } from "react";
import {
  ActionButton, Button, Cell, Column, Content, Form, Heading, IllustratedMessage, Item, Link, Row, TabList, TabPanels,
  TableBody, TableHeader, TableView, Tabs, Text, TextField,
} from "@adobe/react-spectrum";
import Back from "@spectrum-icons/workflow/ArrowLeft";
import { t } from "static:dom.js";
import * as words from "static:words.js";
import { Fact } from "./parts.jsx";

export function Order({ order, actions, nothing }) {
  const [address, setAddress] = useState(order.address);
  useEffect(() => setAddress(order.address), [order]);
  const changed = words.ADDRESS.some(([name]) => address[name] !== order.address[name]);
  return (
    <>
      <div className="asc-banner">
        <div className="asc-actions">
          <ActionButton isQuiet onPress={actions.back}><Back /><Text>{t("Back")}</Text></ActionButton>
          {order.cancelable && <ActionButton isQuiet onPress={actions.cancel}>{t("Cancel Order")}</ActionButton>}
          <Button variant="accent" isDisabled={!changed} onPress={() => actions.save(address)}>{t("Save Order")}</Button>
        </div>
      </div>
      <Tabs aria-label={t("Amazon Order Details")} UNSAFE_className="asc-order">
        <TabList>{words.TABS.map((title) => <Item key={title}>{t(title)}</Item>)}</TabList>
        <TabPanels>
          <Item key={words.TABS[0]}>
            <Details order={order} address={address} setAddress={setAddress} nothing={nothing} />
          </Item>
          <Item key={words.TABS[1]}>
            <Lines columns={words.ITEM_COLUMNS} rows={order.items.map(words.itemCells)} />
          </Item>
          <Item key={words.TABS[2]}>
            <Lines columns={["Carrier", "Tracking number"]} rows={order.tracking.map(({ carrier, number }) => [carrier, number])} />
          </Item>
        </TabPanels>
      </Tabs>
    </>
  );
}

function Details({ order, address, setAddress, nothing }) {
  const number = order.commerceUrl ? <Link href={order.commerceUrl}>{order.shownNumber}</Link> : order.shownNumber;
  return (
    <div className="asc-details">
      <div>
        <Heading level={3}>{t("Order details")}</Heading>
        <Form labelPosition="side" labelAlign="start" UNSAFE_className="asc-columns">
          <Fact label="Order number" value={number} />
          {words.orderFacts(order).map(([label, value]) => <Fact key={label} label={label} value={value} />)}
        </Form>
      </div>
      <div>
        <Heading level={3}>{t("Shipping details")}</Heading>
        <Form labelPosition="side" labelAlign="start" UNSAFE_className="asc-columns">
          {words.shippingFacts(order).map(([label, value]) => <Fact key={label} label={label} value={value} />)}
          {words.ADDRESS.map(([name, label]) => (
            <TextField key={name} label={t(label)} isQuiet validationState="valid" autoComplete="off" value={address[name]}
              onChange={(value) => setAddress((before) => ({ ...before, [name]: value }))} />
          ))}
        </Form>
      </div>
      <div><Button variant="primary" onPress={nothing}>{t("View User Guide")}</Button></div>
    </div>
  );
}

function Lines({ columns, rows }) {
  const heads = columns.map((title, place) => ({ key: `column ${place}`, title, place }));
  const items = rows.map((cells, place) => ({ key: `line ${place}`, ...Object.fromEntries(heads.map((head) => [head.key, cells[head.place]])) }));
  return (
    <TableView aria-label={t("Lines")} height={320} width="100%" overflowMode="wrap" renderEmptyState={() => (
      <IllustratedMessage><Content>{t("Nothing to show.")}</Content></IllustratedMessage>
    )}>
      <TableHeader columns={heads}>{({ title }) => <Column>{t(title)}</Column>}</TableHeader>
      <TableBody items={items}>{(item) => <Row>{(key) => <Cell>{t(item[key])}</Cell>}</Row>}</TableBody>
    </TableView>
  );
}
