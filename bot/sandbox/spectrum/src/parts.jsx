// What several screens share: drawings, statuses, the header of a store, facts with their labels.

import { useLayoutEffect, useRef } from "react";
import { Heading, LabeledValue, StatusLight, Text } from "@adobe/react-spectrum";
import ArrowDown from "@spectrum-icons/workflow/ArrowDown";
import ArrowUp from "@spectrum-icons/workflow/ArrowUp";
import { flag, icons, layout, statusColour, t, trendLine } from "static:dom.js";

/** An element that a plain function makes, such as a flag. */
function Drawn({ make, className }) {
  const place = useRef(null);
  useLayoutEffect(() => place.current.replaceChildren(make()));
  return <span ref={place} className={className} />;
}

export const Flag = ({ country, size }) => <Drawn make={() => flag(country, size)} className="asc-drawn" />;
export const Amazon = ({ size }) => <Drawn make={() => icons.amazon(size)} className="asc-drawn" />;
export const Trend = ({ heights, width, height }) => <Drawn make={() => trendLine(heights, width, height)} className="asc-trend" />;

const VARIANTS = { blue: "info", grey: "neutral", orange: "notice", yellow: "yellow" };

export const Light = ({ status, className }) => (
  <StatusLight variant={VARIANTS[statusColour(status)]} UNSAFE_className={`asc-light ${className ?? ""}`}>{t(status)}</StatusLight>
);

export const Volume = ({ store }) => (
  <div className="asc-volume">
    <strong>{store.volume}</strong>
    {store.change < 0 ? <ArrowDown size="S" UNSAFE_className="asc-fall" /> : <ArrowUp size="S" UNSAFE_className="asc-rise" />}
    <Text>{`${store.change}%`}</Text>
  </div>
);

/** A label with its value beside it. */
export const Fact = ({ label, value, status, ...more }) => (
  <LabeledValue label={t(label)} labelPosition="side" value={status ? <Light status={value} /> : t(value)} {...more} />
);

export function StoreHeader({ store, children }) {
  const facts = [["Magento Website:", store.website], ["Status:", store.status], ["Created:", store.created],
    ["Last Updated:", store.updated]];
  return (
    <div className="asc-banner">
      <Flag country={store.country} size={44} />
      <div>
        {layout.has("header_is_heading") ? <Heading level={1} UNSAFE_className="asc-title">{t(`Store Name: ${store.name}`)}</Heading>
          : <div className="asc-title"><Text>{t("Store Name:")}</Text>{" "}<Text>{store.name}</Text></div>}
        <div className="asc-facts">
          {facts.map(([label, value]) => <Fact key={label} label={label} value={value} status={label === "Status:"} />)}
        </div>
      </div>
      <div className="asc-actions">{children}</div>
    </div>
  );
}
