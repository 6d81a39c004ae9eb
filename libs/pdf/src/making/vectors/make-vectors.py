# Makes the vectors of this folder: python make-vectors.py FOLDER (Pillow, numpy, tifffile, imagecodecs). One picture without any symmetry.
import numpy as np, tifffile, io, struct, os
from PIL import Image, ImageDraw, TiffImagePlugin, ImageCms, PngImagePlugin
import sys; D=sys.argv[1]; os.makedirs(D,exist_ok=True)
W,H=75,100
def rgb():
    im=Image.new('RGB',(W,H),'white'); d=ImageDraw.Draw(im)
    d.rectangle((4,4,30,14),fill=(200,20,30)); d.rectangle((4,4,12,60),fill=(20,20,200)); d.line((20,70,55,40),fill=(0,120,40),width=3)
    d.ellipse((40,60,56,78),fill=(250,180,0)); return im
im=rgb(); g=im.convert('L'); b=g.point(lambda v:255 if v>140 else 0).convert('1'); c=im.convert('CMYK')
im.save(f'{D}/baseline.jpg',quality=90,dpi=(100,100)); im.save(f'{D}/progressive.jpg',quality=90,progressive=True,dpi=(100,100))
g.save(f'{D}/grey.jpg',dpi=(100,100)); c.save(f'{D}/cmyk-adobe.jpg',dpi=(100,100))
icc=ImageCms.ImageCmsProfile(ImageCms.createProfile('sRGB')).tobytes()
im.save(f'{D}/profile.jpg',icc_profile=icc,dpi=(100,100))
for o in range(1,9):
    e=Image.Exif(); e[274]=o; e[282]=100; e[283]=100; e[296]=2
    im.save(f'{D}/exif{o}.jpg',exif=e)   # pillow writes JFIF without density
# png
im.save(f'{D}/rgb.png',dpi=(100,100)); g.save(f'{D}/grey.png',dpi=(100,100)); b.save(f'{D}/bilevel.png',dpi=(100,100))
p=im.quantize(16); p.save(f'{D}/palette.png',dpi=(100,100))
p.save(f'{D}/palette-trns.png',dpi=(100,100),transparency=bytes([0,128]))
a=im.convert('RGBA'); a.putalpha(g.point(lambda v:255-v//2)); a.save(f'{D}/rgba.png',dpi=(100,100))
im.save(f'{D}/rgb-trns.png',dpi=(100,100),transparency=(255,255,255))
Image.fromarray((np.asarray(g).astype('uint16')*257)).save(f'{D}/grey16.png',dpi=(100,100))
tag={282:100.0,283:100.0,296:2}
def t(img,name,comp,**kw):
    ti=TiffImagePlugin.ImageFileDirectory_v2()
    for k,v in kw.items(): ti[int(k[1:])]=v
    img.save(f'{D}/{name}.tif',compression=comp,dpi=(100,100),tiffinfo=ti)
for n,i in (('rgb',im),('grey',g),('cmyk',c)):
    for cn in ('raw','tiff_lzw','tiff_adobe_deflate','packbits'): t(i,f'{n}-{cn}',cn)
t(p,'palette-lzw','tiff_lzw')
for n in ('raw','group3','group4','tiff_ccitt','packbits','tiff_lzw'):
    t(b,f'bilevel-{n}',n); t(b,f'bilevel-{n}-strips',n,t278=16)
t(b,'bilevel-g32d','group3',t292=1); t(b,'bilevel-g32d-strips','group3',t292=1,t278=16)
t(im,'rgb-jpeg','jpeg'); t(im,'rgb-jpeg-strips','jpeg',t278=16); t(g,'grey-jpeg','jpeg')
t(im,'rgb-lzw-pred-strips','tiff_lzw',t317=2,t278=16)
t(b,'bilevel-black-is-zero','group4',t262=1); t(b,'bilevel-white-is-zero','group4',t262=0)
t(b,'bilevel-white-is-zero-raw','raw',t262=0)
for o in (6,7): t(im,f'orient{o}','tiff_lzw',t274=o)
A=np.asarray(im); G=np.asarray(g)
kw=dict(resolution=(100,100),resolutionunit='INCH',metadata=None,software=False)
tifffile.imwrite(f'{D}/tiles-rgb-deflate.tif',A,tile=(32,32),compression='zlib',predictor=True,photometric='rgb',**kw)
tifffile.imwrite(f'{D}/tiles-rgb-jpeg.tif',A,tile=(32,32),compression='jpeg',photometric='rgb',**kw)
tifffile.imwrite(f'{D}/planar-rgb.tif',np.moveaxis(A,2,0).copy(),planarconfig='separate',photometric='rgb',compression='lzw',rowsperstrip=20,**kw)
tifffile.imwrite(f'{D}/big-be-grey16.tif',G.astype('uint16')*257,bigtiff=True,byteorder='>',photometric='minisblack',**kw)
tifffile.imwrite(f'{D}/le-grey16-pred.tif',G.astype('uint16')*257,byteorder='<',photometric='minisblack',compression='zlib',predictor=True,**kw)
tifffile.imwrite(f'{D}/be-rgb16-pred-lzw.tif',A.astype('uint16')*257,byteorder='>',photometric='rgb',compression='lzw',predictor=True,**kw)
tifffile.imwrite(f'{D}/tiles-grey-packbits.tif',G,tile=(16,16),compression='packbits',photometric='minisblack',**kw)
R=np.asarray(a)
tifffile.imwrite(f'{D}/rgba-unassoc.tif',R,photometric='rgb',extrasamples=['unassalpha'],compression='zlib',**kw)
PM=R.copy(); PM[...,:3]=(R[...,:3].astype(int)*R[...,3:]//255); tifffile.imwrite(f'{D}/rgba-assoc.tif',PM,photometric='rgb',extrasamples=['assocalpha'],compression='zlib',**kw)
im.save(f'{D}/multi.tif',save_all=True,append_images=[g,b],compression='tiff_lzw',dpi=(100,100))
im.save(f'{D}/ref.png')
b.convert('L').save(f'{D}/refb.png')
