/*
 * A Vulkan layer that shows a process one of several devices of the same name. Dawn takes the first of a name, and neither
 * Vulkan nor its loader has a variable for another. Freestanding; structures as in the Vulkan specification, as far as they
 * are looked into.
 */
typedef unsigned int u32;
typedef int Result;
typedef void *Handle;
typedef void (*Function)(void);
typedef Function (*Lookup)(Handle instance, const char *name);

#define EXPORT __attribute__((visibility("default")))

enum { SUCCESS = 0, INCOMPLETE = 5, INITIALIZATION_FAILED = -3 };
enum { LOADER_INSTANCE_CREATE_INFO = 47, LAYER_LINK_INFO = 0 };
enum { MOST_DEVICES = 64, NAME_SIZE = 256 };

typedef struct Link {
  struct Link *next;
  Lookup lookup;
} Link;

/* Any structure of a chain; that of the loader has a function, and for LAYER_LINK_INFO the layers below this one. */
typedef struct Chained {
  u32 type;
  struct Chained *next;
  u32 function;
  Link *link;
} Chained;

typedef struct {
  u32 type;
  void *next;
  u32 version;
  Lookup lookup, deviceLookup, physicalDeviceLookup;
} Interface;

typedef struct {
  u32 apiVersion, driverVersion, vendor, device, type;
  char name[NAME_SIZE];
  long long rest[128]; /* limits and more: 548 bytes */
} Properties;

typedef Result (*CreateInstance)(Chained *info, const void *allocator, Handle *instance);
typedef Result (*EnumerateDevices)(Handle instance, u32 *count, Handle *devices);
typedef void (*GetProperties)(Handle device, Properties *properties);

static char chosen[NAME_SIZE];
static int place = -1;
static Lookup below;
/* Of the layers below, the same for all instances; to be asked for at once: later the loader gives this layer's own. */
static EnumerateDevices enumerateBelow;
static GetProperties propertiesBelow;

/* Shows the device `name` that `before` others of the name come before; -1: all devices. */
EXPORT void showOnly(const char *name, int before) {
  u32 i = 0;
  for (; name[i] && i < NAME_SIZE - 1; i++) chosen[i] = name[i];
  chosen[i] = 0;
  place = before;
}

static int equal(const char *a, const char *b) {
  while (*a && *a == *b) a++, b++;
  return *a == *b;
}

static Result createInstance(Chained *info, const void *allocator, Handle *instance) {
  Chained *at = info->next;
  while (at && !(at->type == LOADER_INSTANCE_CREATE_INFO && at->function == LAYER_LINK_INFO)) at = at->next;
  if (!at) return INITIALIZATION_FAILED;
  below = at->link->lookup;
  at->link = at->link->next; /* for the layer below */
  Result result = ((CreateInstance)below(0, "vkCreateInstance"))(info, allocator, instance);
  if (result != SUCCESS) return result;
  enumerateBelow = (EnumerateDevices)below(*instance, "vkEnumeratePhysicalDevices");
  propertiesBelow = (GetProperties)below(*instance, "vkGetPhysicalDeviceProperties");
  return SUCCESS;
}

/* The device to show, or null: then all are. */
static Handle find(const Handle *devices, u32 count) {
  int before = 0;
  for (u32 i = 0; i < count; i++) {
    Properties properties;
    propertiesBelow(devices[i], &properties);
    if (equal(properties.name, chosen) && before++ == place) return devices[i];
  }
  return 0;
}

static Result enumerateDevices(Handle instance, u32 *count, Handle *devices) {
  Handle all[MOST_DEVICES];
  u32 found = MOST_DEVICES;
  Result result = enumerateBelow(instance, &found, all);
  Handle only = result == SUCCESS && place >= 0 ? find(all, found) : 0;
  if (!only) return enumerateBelow(instance, count, devices);
  u32 room = devices ? *count : 1;
  *count = room ? 1 : 0;
  if (devices && room) devices[0] = only;
  return room ? SUCCESS : INCOMPLETE;
}

static Function lookup(Handle instance, const char *name) {
  if (equal(name, "vkGetInstanceProcAddr")) return (Function)lookup;
  if (equal(name, "vkCreateInstance")) return (Function)createInstance;
  if (equal(name, "vkEnumeratePhysicalDevices")) return (Function)enumerateDevices;
  return instance ? below(instance, name) : 0;
}

/* The loader's first call. */
EXPORT Result vkNegotiateLoaderLayerInterfaceVersion(Interface *interface) {
  if (interface->version < 2) return INITIALIZATION_FAILED;
  interface->version = 2;
  interface->lookup = lookup;
  interface->deviceLookup = 0;
  interface->physicalDeviceLookup = 0;
  return SUCCESS;
}
