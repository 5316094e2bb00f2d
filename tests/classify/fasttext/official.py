"""Models that the official program made, version 0.9.3, and what it says of TEXTS."""

import base64
import lzma

TEXTS = [
    "a good film",
    "나쁜 영화",
    "the film was",
    "不好",
    "🙂 unknown\u3000word",
    "",
    "film dull __label__other the",
    "goodish 很好的",
]

# fasttext supervised -epoch 30 -lr 0.5 -loss hs -dim 3 -bucket 30 -wordNgrams 3 -minn 2 -maxn
#   3
HS = (
    "{Wp48S^xk9=GL@E0stWa8~^|S5YJf5-~+}2@m&C21%;E?-"
    "|Iyto?B8x7#IKRiLxqR%KN6Ga;j?S30n~{uU!!cd1=lnFuB}5?V6Ah_kRnN;OflxQcdI4nyeKXDP83%L5_h~HP"
    "WhTm-"
    "J8$g{&I{C$c73^F}V>qe<jv?a;z5ex=Vf#ch#f4{VoLK@tMcg~50r#&N6}kAPaVe1RX>u^*Cf`imJgmp?t+wSP"
    "Ak9$kn%`#af<^t&n9BLfgk-!_HvmlT$)8Pbj9YDUv;gxO-QqqiDk3_0%^t7=9!4zsWe!PjJY96yO3Xtjz4=BT2"
    "KMq|+ikxubDSX@1dFCPZKRzO$mumC44-eOMp;IyN590Qwdw18K9VNKacZ((K&nrSy&^s_JOY3D-"
    "m({~;|p;G5M)Oe|`PU;kxbyo?*y;<=zVotv@9U(o^tWJPag@<<m_o;hwBxL(byqDorcXQv12YUElc$_0huv#Ok"
    "ei^e_ZH<j}8$LT$Wo(@{Ag&bEp=&glK_?NLjpZfEuz>^~^Lntc?)8L><ulq0&tv%<Im**8??$o$@sSHiH{K}_q"
    "rTv8>&8Eptj*0_7zWwUbMO)yUJDY^u4g9V3g(1hsj5lv2JD5INA3f;UN(YtPGrZ9{mw$3nt+(3!k(kDxI7KWl&"
    "bPzbkmbj1<!t{)i65;)&l{yV~(D_&Wp<2Q7@>Z;0n)YQ}Pajp-"
    "p4(_D<a$El{oh&1cd^WxeptTpbSMKs?NOKHcPRm84LuwzJJ!l(=i4C_Rchw6_=S6o_f}ZmfZ>5R?8id7g`9Q4D"
    "}5e}eiN&T*0ewJ|q;g#@a-=&nXE`Oxb^%``yZ6><~@b~ypx22ir`!P@}bVjD&7)`BT@`c36NIF4+|0o-"
    "%R^Y;(0DNj0LP!CLGD(pggpvk}}RF<>|AxDKl4-gg*9a0@JhM#Q)`LRoh4Ya-"
    ">TFbfn760fNuD^{HHZwQBweq5zRACeBxr5gob~zYMf9p|zKoxlB@{0PrkUHGp00000pKNonco&!~00E5##|Hoa"
    "LFVoNvBYQl0ssI200dcD"
)
HS_SAYS = [
    {"good": 0.661307, "나쁨": 0.285879, "other": 0.0528538},
    {"나쁨": 0.859719, "good": 0.138883, "other": 0.00143837},
    {"other": 0.915771, "나쁨": 0.0532971, "good": 0.0309539},
    {"나쁨": 0.711315, "good": 0.288715, "other": 1e-05},
    {"good": 0.913084, "나쁨": 0.0869449, "other": 1.07153e-05},
    {"other": 1.00001},
    {"나쁨": 0.776225, "good": 0.149347, "other": 0.0744667},
    {"good": 0.991128, "나쁨": 0.00889201, "other": 1.95367e-05},
]

# fasttext supervised -epoch 30 -lr 0.5 -loss ova -dim 2 -bucket 9 -wordNgrams 2 -minCount 4
OVA = (
    "{Wp48S^xk9=GL@E0stWa8~^|S5YJf5-~u!ObzJ~m1%;E?-|IyruG>;X7#JD7luEi-XQsouPw}VL8w5SF*A__2+"
    "gTihpFftvICsjBVAg_P=dLQoeCTN?68Dxz0`ttWlh%U-"
    "Q2m>&<bflm`I{g;zqVw$dV!kfLV97D7tUk+dhNdp9xy8HwZJV*r=c^aQ$r_J$~ikEMNF(yASk~xPWQcB3~>VDM"
    "b3XxzXW_oNhdYx?Bgl|KYK)VT#wSN@|w|_vH45Nv}Zl)?`!HC`YXY{&bCY75fa}(GQ+PZ2%6(7irK_ZqKY9Zr("
    "eY0h&lCFnT#5h#y=lS7bkE3Lew-"
    "6{Q0zjA!I?6oh^j@ST)*}p!y9A!+EW`z~`H18%dk1oFaefuH)+&N}Kp2Zlo2BnG5JKKLN<_`$Xx4>xh48vZ6Ak"
    "J}&&zRIac-*>V{y!>>B5Wn|IQ#W$Mim3;W-lm27rr>mSar$=Ix4*!q^LKD-"
    "Kzhl({v4P}4f%46+>P}NQoLZi>_u#tP00000d}uKy<vuu|00EH$wFCeFpM7e7vBYQl0ssI200dcD"
)
OVA_SAYS = [
    {"good": 0.896261, "나쁨": 0.665421, "other": 1e-05},
    {"나쁨": 0.982024, "good": 0.569863, "other": 0.0758682},
    {"other": 0.988323, "good": 0.327678, "나쁨": 0.00807199},
    {"나쁨": 1.00001, "good": 0.930468, "other": 1e-05},
    {"나쁨": 0.99372, "good": 0.975587, "other": 1e-05},
    {"other": 1.00001, "good": 0.0926978, "나쁨": 1e-05},
    {"나쁨": 0.909917, "good": 0.651365, "other": 0.028446},
    {"good": 0.939923, "나쁨": 0.932463, "other": 1e-05},
]

# fasttext supervised -epoch 30 -lr 0.5 -loss ns -dim 2 -bucket 9 -wordNgrams 2
NS = (
    "{Wp48S^xk9=GL@E0stWa8~^|S5YJf5-~wU+l3f5@1%;E?-"
    "|IyruG>;X7#IKRiI;*9N`w+Fr7?sblOhH6`Nwb!wy#v{%m-"
    "`<z*zem_VP>wjc6#ZZ?~f)6SxpO7&rMPP?2a&2_~etl%a~wDLWc25V_4t%CV#;6Drvcso^d)Qf8Vj#p-"
    "I7gUyt<(+a7j9W-~gd-8W#Iir8!7%+-z=4Fkx)h)33v@t;Wcr3Pv4-"
    "(fCWqydcx&4E}OOa__*j8$jMKGnjyn|ssL0DLMIn@yU4#2U3gF3PO$zF7sAo8z(a0C#y0O;~8SowpJ=}^$Zw4^"
    "2N>9$wu>z9wIBe)u0p=7q&!H8WIG|PgKG<gpuc{dl^Y`j2t@kL-@Zl~3!*Wk+D?649MKQ2g%q1R91)|TMklO-"
    ">>g@t1m_ib;xf9YrmD~mo%^M4<P>UE8O2+o#8D0SbNmX!{dMwm%&2DAh-"
    ">a)Yq*=`7S8k3%gJ3__bvmCM<8ybu|AwRduLwpdz(nveE;wL0+mEyRpYsX54n+1hh$>AQ|z;ah{s~p&|tw6>{0"
    "0000Qu99;RPc<}00FK8;{*TznV2ACvBYQl0ssI200dcD"
)
NS_SAYS = [
    {"나쁨": 0.699264, "good": 0.177821, "other": 0.000497857},
    {"나쁨": 0.993317, "good": 0.0758682, "other": 1e-05},
    {"other": 0.955329, "good": 0.109716, "나쁨": 1e-05},
    {"나쁨": 1.00001, "good": 0.0408557, "other": 1e-05},
    {"나쁨": 1.00001, "good": 0.262852, "other": 1e-05},
    {"other": 1.00001, "good": 0.000979752, "나쁨": 1e-05},
    {"나쁨": 0.893319, "good": 0.0953595, "other": 1e-05},
    {"나쁨": 0.48439, "good": 0.0926978, "other": 1e-05},
]

# fasttext supervised -epoch 30 -lr 0.5 -dim 2 -wordNgrams 1 -minn 1 -maxn 2 -bucket 20
SOFTMAX = (
    "{Wp48S^xk9=GL@E0stWa8~^|S5YJf5-~ze<?p**~1%;E?-"
    "|IyruG>;X7#II|YxgH^gU<g>W;p#UOZUZ$y1rST%2T5Mt47?7y*CNf`2Ru=Ifk5`xZ1UW`)bymH_5yD`B7TjuC"
    "|r`Rz?2_UmL__A`>X46IPD|$I|2hEa1Kx;vBkGCS)P`k8CWi5xKu9w>d=|B8CRms1w%-"
    "j;MR7PG*}Z^a#(sWngh5xmpBSW4tANKVc+fwZ#GHuVLs2Vz--"
    "!Rfi}J^q<y`cf%w0W>VqWwYkoNImIaOc|?V;_&0s$QB0+mOmB7{)@bLJ<H4Q9PnL6RTw@WbXEPLEl2fO07d9W}"
    "7D{f{EwcBd)6`+r2q(hEMw9LsFoV~Oz^ce^jp@(s6T2P~N5V-"
    "2YRaM3Ozk~y$`@+7f4>gZxck&a2)U9afGe4vpfbwlg0Y_83lDUp01*Rcn@oaU;X!gPD)FTw=C=zQzR&n2ADVH`"
    "N;`MJp>X#Gzj$E=29J#7TM%ZR=<KwuG;*Li;$U&ur5-"
    "@~;+44v{KmBss~+w9`5az|Say*Pb}7^SK51D$03BzK{O=E-VIlk1#>Y0AaNBM0f4f4T%7Mlt@E1k4-"
    "eganzUAtFL924>gA=@J@u6q0y}4?-d2Lc(;oTq5nkA{h?0?ne-"
    "s*cwwDp>1?JCU|_W%F@@h~h2VHWWG00D{wy9EFM(@sW3vBYQl0ssI200dcD"
)
SOFTMAX_SAYS = [
    {"good": 0.990709, "나쁨": 0.00931039, "other": 1.09688e-05},
    {"나쁨": 0.952801, "good": 0.0326363, "other": 0.0145928},
    {"other": 0.911952, "나쁨": 0.0767399, "good": 0.0113376},
    {"나쁨": 0.99804, "good": 0.00197925, "other": 1.03691e-05},
    {"good": 0.994124, "나쁨": 0.00589638, "other": 1.00121e-05},
    {"other": 1.00001, "good": 1e-05, "나쁨": 1e-05},
    {"나쁨": 0.914157, "other": 0.072047, "good": 0.0138257},
    {"good": 0.999982, "나쁨": 3.81825e-05, "other": 1e-05},
]


def packed(text):
    """The bytes of one of them."""
    return lzma.decompress(base64.b85decode(text))
