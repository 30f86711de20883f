package dev.tfedge.demo;

import static org.junit.Assert.assertEquals;

import android.app.Activity;
import android.view.ViewGroup;
import android.widget.TextView;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.robolectric.Robolectric;
import org.robolectric.RobolectricTestRunner;
import org.robolectric.annotation.Config;

/** What R8 left of the app still works. In Java, and by names only: this runs without Kotlin's library. */
@RunWith(RobolectricTestRunner.class)
@Config(sdk = 34)
public class ShrunkAppTest {
    @Test
    @SuppressWarnings("unchecked")
    public void test_screen_when_app_is_shrunk_then_it_names_the_loaded_library() throws ClassNotFoundException {
        Class<? extends Activity> main = (Class<? extends Activity>) Class.forName("dev.tfedge.demo.MainActivity");
        Activity activity = Robolectric.buildActivity(main).setup().get();
        ViewGroup content = activity.findViewById(android.R.id.content);
        assertEquals("tfedge 2.16.1", ((TextView) content.getChildAt(0)).getText().toString());
    }
}
