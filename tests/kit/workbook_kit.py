"""Workbooks as spreadsheet programs, and programs that only write, leave them."""

import base64
import io
import zipfile
import zlib
from collections.abc import Callable
from typing import Any
from xml.sax.saxutils import escape

from openpyxl import Workbook

_DOCUMENT = "urn:oasis:names:tc:opendocument:xmlns:"
_OFFICE = "http://schemas.openxmlformats.org"
_MAIN = f'xmlns="{_OFFICE}/spreadsheetml/2006/main" xmlns:r="{_OFFICE}/officeDocument/2006/relationships"'


def workbook(
    *rows: list[Any],
    sheet: str = "Sheet1",
    more: list[list[str]] | None = None,
    hidden: str = "",
    shaped: Callable[[Any], object] = lambda sheet: None,
) -> bytes:
    """As a program writes it that computes nothing; ``more`` are the rows of a sheet *Two*."""
    book = Workbook()
    book.active.title = sheet
    for row in rows:
        book.active.append(row)
    shaped(book.active)
    if hidden:
        book.create_sheet(hidden, 0).sheet_state = "hidden"
        book.active = 1
    if more is not None:
        two = book.create_sheet("Two")
        for row in more:
            two.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def of_excel(*rows: str, texts: list[str], before: str = "", after: str = "") -> bytes:
    """As Excel itself saves it: texts in a table of their own, by number, and each formula with its result.

    ``rows`` are written as in the file, as are the elements before and after them.
    """
    shared = "".join(f"<si>{text if text.startswith('<') else f'<t>{escape(text)}</t>'}</si>" for text in texts)
    kinds = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    links = f"{_OFFICE}/officeDocument/2006/relationships"
    return _packed(
        {
            "[Content_Types].xml": f'<Types xmlns="{_OFFICE}/package/2006/content-types"><Default Extension="rels" '
            'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override '
            f'PartName="/xl/workbook.xml" ContentType="{kinds}.sheet.main+xml"/><Override '
            f'PartName="/xl/worksheets/sheet1.xml" ContentType="{kinds}.worksheet+xml"/><Override '
            f'PartName="/xl/sharedStrings.xml" ContentType="{kinds}.sharedStrings+xml"/></Types>',
            "_rels/.rels": f'<Relationships xmlns="{_OFFICE}/package/2006/relationships"><Relationship Id="rId1" '
            f'Type="{links}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
            "xl/workbook.xml": f'<workbook {_MAIN}><sheets><sheet name="Orders" sheetId="1" r:id="rId1"/></sheets>'
            "</workbook>",
            "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_OFFICE}/package/2006/relationships"><Relationship '
            f'Id="rId1" Type="{links}/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" '
            f'Type="{links}/sharedStrings" Target="sharedStrings.xml"/></Relationships>',
            "xl/sharedStrings.xml": f"<sst {_MAIN}>{shared}</sst>",
            "xl/worksheets/sheet1.xml": f"<worksheet {_MAIN}>{before}<sheetData>{''.join(rows)}</sheetData>{after}"
            "</worksheet>",
        }
    )


def opendocument(*rows: list[str]) -> bytes:
    """As LibreOffice saves it; a cell or a row that begins with ``<`` is written as it is."""
    return opendocument_of("".join(_row(row) for row in rows))


def opendocument_of(rows: str) -> bytes:
    """The same, of rows as they are written in the file."""
    content = (
        f'<office:document-content xmlns:office="{_DOCUMENT}office:1.0" xmlns:table="{_DOCUMENT}table:1.0" '
        f'xmlns:text="{_DOCUMENT}text:1.0" xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:'
        'calcext:1.0" office:version="1.3"><office:body><office:spreadsheet>'
        f'<table:table table:name="Tabelle1">{rows}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    return _packed(
        {
            "mimetype": kind,
            "content.xml": content,
            "META-INF/manifest.xml": f'<manifest:manifest xmlns:manifest="{_DOCUMENT}manifest:1.0">'
            f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/></manifest:manifest>',
        }
    )


def row_of_opendocument(*cells: str, **attributes: str) -> str:
    """A row as it is written in the file; a cell that begins with ``<`` is written as it is."""
    return _row(list(cells), "".join(f' table:{name}="{value}"' for name, value in attributes.items()))


def _row(cells: list[str], attributes: str = "") -> str:
    written = (
        cell
        if cell.startswith("<")
        else f'<table:table-cell office:value-type="string"><text:p>{cell}</text:p></table:table-cell>'
        for cell in cells
    )
    return f"<table:table-row{attributes}>{''.join(written)}</table:table-row>"


def _packed(parts: dict[str, str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        for name, content in parts.items():
            packed.writestr(name, content)
    return out.getvalue()


def _unpacked(text: str) -> bytes:
    return zlib.decompress(base64.b85decode(text))


EXCEL_97 = _unpacked(
    "c-rk)O=uHA6#izj`L#`xHWgZ-go0IT3rUL59NJVti-*=~4;B$LF?*1PL^e@~2d&l|1;LZzrO=C)suzDyL~kC1iXH?(NcHGRQ1Fmuee<##QthDu"
    "E&lAc%$xV#%)FVM_vUB!)pD@BaIbp>KVTFNR1Gg&4LU)|YY72RxnW4w$~}|}8-EqN9&)71iN~!k-O`8B-z!jXSA9+t_(176&R{Z^)xw*IeLRMw"
    "kYgAjDsYQ5esuAu+L@kW+QIY=*L=csj5Sx8j!@mQIELlKWdE=k#WPATm-!*>KHxU*SQAAjUdSlEcumymI<Z$joy`211wCpD7D0X+*Rq<P%#;x#"
    "2QK2P5eB|kEA?5})^Dy}fb`$i>fP(;uPZ7r2je6Mc!>hit=1OdAw8|>`3h3J;mYI$a#BfozL3*3TBy2~%;&PCDC7#s4CSe_MNRLZFpkCsqp|3o"
    "czk$pC=!W9;!z5m=`EmTd@y@X%aVa28JMVKGMes_J@7UVShEeZ^73dQnnoM*L0%*Q+UP5{Kfj(xO(jmSW{$W1+5xd$z7q^wk}asQpGy>`G(_|>"
    "znkf0wz`e^Zl)osLwVm+r^y_c=Q>xow2%53V!TQ0XyA7eU;1?TVNdB}Vi)mC<16PwOK%ek=%u+!Q+xT$V?Ydun>QpLC9GVSo5_2oT|aFs9wlIo"
    "-7rtVHmt(OY>;V9lCvY~l48zPO>&Urs7oqIs%crQV_C3er&(XHWmjF2mZgg>C{mJ^r=MD7(z5i#sM3!6Jmq5z$F~nQY}l}2!-fqTHvW4E^K$Os"
    "i)rnOE-#yI^S{n2rK<g#<e$Y6<mf5Thv|M~Dc4bKDt@-YDJ)xJgKez;g%U@pcOA3zp)1ER+jRWW$D3$;pA9z*{JJI7Z2#3}#`&B3{|>+{+B5"
)
"""A workbook in the old binary form: a row with an order, a store, a reason, a total and a buyer."""

EXCEL_97_MARKED = _unpacked(
    "c-rk)Pe>F|82`PQS>0X#t^W!QWD&A51$QmbgKkA79Wu*95kamwhfsE6Tq1+YGLJ#jDd{43>0)*14~5vRLtxZF2m&oSbqWePsMGhpd9$s"
    "x2Nz08<~O|Wz4yKM{k}KveQ(~(yq+sxn0#2fh+ohN9V<=<1z9>lDdbfmpmxWRMK2Fha(w((2nA^&3j%mn@~Tj-p<M4pXn0_}APIb+bPD"
    "ItZKcfUI$|G>At~e-I!FrKB~2-6cvKZE&#<gyd7pbeXSs(pH&}L1-vx0JbBXT8HWkGuw0dqUh2(wAHt$#yLp5H?D86!2xP1fIYoARH{h"
    "JMSMlq&9>(*taOglNWfGS$RDSUIHz*ldl&PILx`sxKp|9!Q-Fo*uOW&opb`Z&PHDIgPuy9tlj1ExK^gbC6CMU(=7C6$y9r!Cv0jcS|8V"
    "Jk%zDJyM~K5eCwLzNW8v3PSV9^2jC-qzgO(h_fJj}b$+btrY-Op)zK&OY&++SZ)fT@;7CVR;<z<0G=_@lnFts+i;e%D7z4n=3*G#L~Sl"
    "Zw~kOBu=wtl#dJ<&;ncKT)@FqX;FNM>~*?s6_xR^1Fe*M1~Rgd8FsR~#$L8?xt3)W^`X3>r&<*bj&Yys+}c2XTN!T?+p@~rsXYGq=##q"
    "fkBJ>rp6*(_ST#MLm_$7td;>gAfiX0RCNXhG;%UOmg?cExXIb;x11hLR)Yu($nwDW1VJ?=lbZc_9M5d;xxpQke)$~lwpqinWMGj`c%mL"
    "M3FmpIllgtIYVo|Dj%<=$tNy6Aq1hbn3E(9-Y(n9*{opJqXIs9qtPlmw^&7G$1#BK4s1vJ?rnHq)U(fO`io<7B+Gfz<Q=vh2^hDX{OIc"
    "yEK4JlhA%ht%)ep0hxu<X<-@JJ4wj*XuP!-o$aK79D_;bVhB@JlB6rOQyS*77B(Q2p0grnKV!CfTq!28*sVeFPjpigFtxdBx8r1cb*W)"
    "@bAXFO)b=-faw`pT{wncl^>vm&m@KH5*3$+!o5$|4KgN{LB7-0B#BOxc"
)
"""Four orders whose store is one merged cell: a note that was never computed, in a hidden column, a total that shows
#N/A, and two rows that are hidden.
"""

EXCEL_97_MERGED = _unpacked(
    "c-rk)O=uHA6#izj`E8n?HWgZ-go0IT3rUL59NJYuiwA4fgCasr%^svBkxdaQh}D{-AbL`~6ngPe_2LhT=*@#r(Sslesp83#px~j+`sQU"
    "frkX<oTD0u9%$qlF-kW)|^WN;wtHo$(?q0_de!&o2D4TwGYGi_n-)=-e{iZ2dyY^8r9sF1D`)DIQZai*&>6LpZ_j?Hn?yAp;0w1WHz!{"
    "9>b9#Iov4?%g2<gKhQGr_|389_6YGHbcX)Dt^toelLE|y$jI!L-DaU6@<NY8*3#mAH`?h8SV`+#lUu_TE$ypU0R;i{<Uy0P0hotgYMJ3"
    "7@M=0W>5tmkwiGg(56HgF!_%sBAX&eUgdN4~yt0g``TE%(-uUsqIM2Iff)@FE4Is#cQlppn&$!ZODAP?eeK2J%u!bzv%R=#;32o+;#Wt"
    "rWJ&R9`Zc+?h@f^z|nasYE*21WMWcxwCqXl&9<Jq$rq<1mu~{XFz1t8PLqR5hR*LnE5DYNQ4|(zWwF(f$>poj3qPdqKry`EpkCHaZy?X"
    "&y&5BUTX^Tvja+qHC<KO!z1iqdWmP*%zOva7%iIW?$I`j**D8Nm$|o_=Iv*^(YDs`+lViIKJ>7&_)*(V{KD|kx!A&6Z4O=Z^vbeF0<-8"
    "9z2fE#iAS1U3+rTg&$RuwQ^u!6EZ<G*kr>7b0?bC4R$B6IiE2x+?wzz2b*u$jyDWXd)}CrhTC0||QpZ|hYYGcIrPV6d+?5{N_LDWP!gN"
    "S!!F_2)C*@BB;J|?c2M!!KaNuC$L-6})<!xN8d}i>wr`P(gvqGip{3hA3IE*}9Q}kiF7dfg8Og9uio8T7qSYnMf_WweOqcppL35>HJ6A"
    "i~NeXohy^{m-2^5;^h(fP}b`1zOT{{ef0*aZ"
)
"""Two orders whose store is one merged cell, in a hidden column."""
