/**
 * Takes the two libraries and the headers of the C API out of TensorFlow's wheel. Python's, because it can read zip
 * archives of any size and pip needs it anyway. Arguments: folder with the wheel, folder for what is in it.
 */
export const unpackScript = `import glob, os, re, shutil, sys, zipfile
archive = zipfile.ZipFile(glob.glob(sys.argv[1] + '/*.whl')[0])
library = re.compile(r'tensorflow/(libtensorflow_(?:cc|framework)\\.so\\.2)')
header = re.compile(r'tensorflow/(include/(?:tensorflow/c/|tensorflow/core/platform/ctstring|(?:.*/)?tsl/(?:c|platform)/).*\\.h)')
for name in archive.namelist():
    lib, inc = library.fullmatch(name), header.fullmatch(name)
    if not (lib or inc):
        continue
    path = os.path.join(sys.argv[2], 'lib/' + lib[1] if lib else inc[1])
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with archive.open(name) as source, open(path, 'wb') as target:
        shutil.copyfileobj(source, target, 1 << 20)`
